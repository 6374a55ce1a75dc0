import { dictionary } from "../../../words";

export const TOKENS = dictionary({
  what: [
    "A token lets a program call the API. It can be ended at any time; its secret is told once.",
    "Token memungkinkan program memanggil API. Token dapat diakhiri kapan saja; rahasianya hanya ditampilkan sekali.",
  ],
  create: ["New token", "Token baru"],
  createIt: ["Create token", "Buat token"],
  nothingYet: ["Nobody has made a token so far.", "Belum ada token yang dibuat."],
  ending: ["Ends with", "Berakhiran"],
  lastUsed: ["Last used", "Terakhir dipakai"],
  never: ["never", "tidak pernah"],
  expires: ["Expires", "Kedaluwarsa"],
  days: [(days: string) => `in ${days} days`, (days: string) => `dalam ${days} hari`],
  revoked: ["revoked", "dicabut"],
  expired: ["expired", "kedaluwarsa"],
  nameHint: ["What it is for, such as ci", "Kegunaannya, misalnya ci"],
  revoke: ["Revoke", "Cabut"],
  revokeOf: [(name: string) => `Revoke ${name}`, (name: string) => `Cabut ${name}`],
  revokeAsk: [(name: string) => `Revoke the token “${name}”?`, (name: string) => `Cabut token “${name}”?`],
  revokeEffect: [
    "Whatever uses it is refused from this moment on, and sessions that it opened end. This cannot be undone.",
    "Semua yang memakainya langsung ditolak, dan sesi yang dibukanya berakhir. Ini tidak dapat dibatalkan.",
  ],
  made: [(name: string) => `The token “${name}”`, (name: string) => `Token “${name}”`],
  once: [
    "This is its secret. It is shown this once and kept nowhere: copy it now.",
    "Ini rahasianya. Hanya ditampilkan sekali dan tidak disimpan di mana pun: salin sekarang.",
  ],
  secret: ["Secret", "Rahasia"],
  copy: ["Copy", "Salin"],
  copied: ["Copied", "Tersalin"],
  kept: ["I have kept it", "Sudah saya simpan"],
});
