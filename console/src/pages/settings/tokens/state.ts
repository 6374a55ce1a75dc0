import type { Schemas } from "../../../api/client";

/** How a token stands at a moment. */
export function stateOf(token: Schemas["Token"], now: Date): "inForce" | "revoked" | "expired" {
  if (token.revoked_at !== null) return "revoked";
  return token.expires_at !== null && Date.parse(token.expires_at) <= now.getTime() ? "expired" : "inForce";
}
