import { dictionary } from "../../../words";

export const USERS = dictionary({
  what: [
    "Users log in to the console by a password, and to the command line by treadle login --user.",
    "Pengguna masuk ke konsol dengan kata sandi, dan ke baris perintah dengan treadle login --user.",
  ],
  create: ["New user", "Pengguna baru"],
  createIt: ["Create user", "Buat pengguna"],
  nothingYet: ["There are no users so far: all come by tokens.", "Belum ada pengguna: semua masuk dengan token."],
  lastLogin: ["Last login", "Terakhir masuk"],
  never: ["never", "belum pernah"],
  removed: ["removed", "dihapus"],
  nameHint: [
    "A login such as ana: letters, digits and . _ @ + -",
    "Nama masuk, misalnya ana: huruf, angka, dan . _ @ + -",
  ],
  password: ["Password", "Kata sandi"],
  newPassword: ["New password", "Kata sandi baru"],
  samePassword: [
    "At least 12 characters; left empty, it stays as it is",
    "Sedikitnya 12 karakter; kosongkan bila tidak diubah",
  ],
  passwordHint: ["At least 12 characters", "Sedikitnya 12 karakter"],
  change: ["Change", "Ubah"],
  changeOf: [(name: string) => `Change ${name}`, (name: string) => `Ubah ${name}`],
  changeTitle: [(name: string) => `Change the user “${name}”`, (name: string) => `Ubah pengguna “${name}”`],
  changeEffect: [
    "Their sessions and their own tokens end: they log in anew.",
    "Sesi dan token pribadinya berakhir: ia harus masuk lagi.",
  ],
  save: ["Save", "Simpan"],
  remove: ["Remove", "Hapus"],
  removeOf: [(name: string) => `Remove ${name}`, (name: string) => `Hapus ${name}`],
  removeAsk: [(name: string) => `Remove the user “${name}”?`, (name: string) => `Hapus pengguna “${name}”?`],
  removeEffect: [
    "They are logged out at once and log in no more; their own tokens end. What they did stays in the audit log.",
    "Ia langsung dikeluarkan dan tidak dapat masuk lagi; token pribadinya berakhir. Catatannya tetap ada di log audit.",
  ],
});
