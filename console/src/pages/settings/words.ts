import { dictionary } from "../../words";

export const SETTINGS = dictionary({
  settings: ["Settings", "Setelan"],
  tokens: ["Tokens", "Token"],
  users: ["Users", "Pengguna"],
  audit: ["Audit log", "Log audit"],
  appearance: ["Appearance", "Tampilan"],
  scope: ["Scope", "Cakupan"],
  domain: ["Domain", "Domain"],
  everyDomain: ["every domain", "semua domain"],
  createdBy: ["Created by", "Dibuat oleh"],
  inForce: ["in force", "berlaku"],
  actions: ["Actions", "Tindakan"],
  read: ["sees jobs, runs and their logs", "melihat pekerjaan, eksekusi, dan lognya"],
  operate: ["also runs, retries, cancels and pauses", "juga menjalankan, mengulangi, membatalkan, dan menjeda"],
  write: ["also defines jobs and limits", "juga menentukan pekerjaan dan batas"],
  admin: [
    "also rules tokens, users and domains, and reads the audit log",
    "juga mengatur token, pengguna, dan domain, serta membaca log audit",
  ],
});
