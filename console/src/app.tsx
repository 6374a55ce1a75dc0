/** Which page a path shows, once somebody is logged in. */

import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { useSession } from "./api/session";
import { LoginPage } from "./shell/login";
import { Shell } from "./shell/shell";
import { Found, Skeleton } from "./ui/states";

const RunsPage = lazy(() => import("./pages/runs"));
const RunPage = lazy(() => import("./pages/run"));

export function App() {
  const session = useSession();
  return (
    <Found query={session}>
      {(caller) =>
        caller === null ? (
          <LoginPage />
        ) : (
          <Shell session={caller}>
            <Suspense fallback={<Skeleton rows={12} />}>
              <Switch>
                <Route path="/runs" component={RunsPage} />
                <Route path="/runs/:id">{({ id }) => <RunPage id={id} />}</Route>
                <Route>
                  <Redirect to="/runs" replace />
                </Route>
              </Switch>
            </Suspense>
          </Shell>
        )
      }
    </Found>
  );
}
