import { expect, test } from "vitest";
import { changed } from "./address";

const standing = new URLSearchParams("tab=dead-letters&job=a&cursor=x");

test("another filter begins the list anew, and leaves the others", () => {
  expect(changed(standing, { job: "b" }).toString()).toBe("tab=dead-letters&job=b");
});

test("nothing takes a filter away", () => {
  expect(changed(standing, { job: null, q: "" }).toString()).toBe("tab=dead-letters");
});

test("the next page keeps the filters", () => {
  expect(changed(standing, { cursor: "y" }).get("job")).toBe("a");
});
