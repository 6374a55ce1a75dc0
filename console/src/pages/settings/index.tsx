/** The settings begin with the first page that their reader may see. */

import { Redirect } from "wouter";
import { useMay } from "../../api/session";

export default function SettingsPage() {
  return <Redirect to={useMay("admin") ? "/settings/tokens" : "/settings/appearance"} replace />;
}
