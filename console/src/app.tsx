/** Which page a path shows, once somebody is logged in. The paths stand in `routes.json`, where tests read them too. */

import { Activity, type ComponentType, Suspense, useState } from "react";
import { Redirect, Route, Switch } from "wouter";
import type { Session } from "./api/client";
import { useSession } from "./api/session";
import PATHS from "./routes.json";
import { NotFoundPage } from "./shell/not-found";
import { Shell } from "./shell/shell";
import { part } from "./ui/part";
import { Found, Skeleton } from "./ui/states";

/** Whoever is logged in never loads its form. */
const LoginPage = part(async () => ({ default: (await import("./shell/login")).LoginPage }));

/** A page takes what stands in its path, by name. */
type Page = ComponentType<Record<string, string>>;

const MODULES = import.meta.glob<{ default: Page }>("./pages/**/index.tsx");
/** The first that fits is shown. */
const ROUTES = Object.entries(PATHS).map(([path, page]) => ({ path, Page: part(module(page)) }));

function module(page: string) {
  const load = MODULES[`./pages/${page}/index.tsx`];
  if (load === undefined) throw new Error(`routes.json names a page that is not there: ${page}`);
  return load;
}

export function App() {
  const session = useSession();
  return <Found query={session}>{(caller) => <Inside caller={caller} />}</Found>;
}

/** A session that ends leaves the page as it is, out of sight: what was typed there is there again after a login. */
function Inside({ caller }: { caller: Session | null }) {
  const [last, setLast] = useState(caller);
  if (caller !== null && caller !== last) setLast(caller);
  return (
    <>
      {caller === null && (
        <Suspense>
          <LoginPage again={last !== null} />
        </Suspense>
      )}
      {last !== null && (
        <Activity mode={caller === null ? "hidden" : "visible"} key={`${last.name} ${last.domain}`}>
          <Shell session={last}>
            <Suspense fallback={<Skeleton rows={12} />}>
              <Pages />
            </Suspense>
          </Shell>
        </Activity>
      )}
    </>
  );
}

function Pages() {
  return (
    <Switch>
      {ROUTES.map(({ path, Page }) => (
        <Route key={path} path={path}>
          {(parts: Record<string, string>) => <Page {...parts} />}
        </Route>
      ))}
      {!("/" in PATHS) && (
        <Route path="/">
          <Redirect to="/runs" replace />
        </Route>
      )}
      <Route component={NotFoundPage} />
    </Switch>
  );
}
