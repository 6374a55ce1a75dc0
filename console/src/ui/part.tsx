/** Parts of the console that are loaded when they are first shown. */

import { useMutation } from "@tanstack/react-query";
import { type ComponentType, lazy } from "react";
import { Wrong } from "./states";

/** One that cannot be loaded, as the server is away or has other pages by now, says so in its place: all else stays. */
export function part<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy<ComponentType<Props>>(() =>
    load().catch((error: Error) => ({ default: () => <Missing error={error} /> })),
  );
}

/** What failed to load once is not asked for again by a page that stands: it is begun anew, once the server answers. */
function Missing({ error }: { error: Error }) {
  const again = useMutation({
    mutationFn: () => fetch(import.meta.env.BASE_URL, { cache: "no-store" }),
    onSuccess: () => location.reload(),
  });
  return <Wrong error={error} again={() => again.mutate()} />;
}
