/** Parts of the console that are loaded when they are first shown. */

import { useMutation } from "@tanstack/react-query";
import { type ComponentType, lazy } from "react";
import { Wrong } from "./states";

const AGAIN_MS = 500;

/** One that cannot be loaded, as the server is away or has other pages by now, says so in its place: all else stays. */
export function part<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy<ComponentType<Props>>(() =>
    load()
      .catch(() => later(AGAIN_MS).then(load)) // a network that has just changed ends what is on its way
      .catch((error: Error) => ({ default: () => <Missing error={error} /> })),
  );
}

function later(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** What could not be loaded may be gone for the page that stands: it is begun anew, once the server answers. */
function Missing({ error }: { error: Error }) {
  const again = useMutation({
    mutationFn: () => fetch(import.meta.env.BASE_URL, { cache: "no-store" }),
    onSuccess: () => location.reload(),
  });
  return <Wrong error={error} again={() => again.mutate()} />;
}
