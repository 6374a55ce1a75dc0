import { dictionary } from "../../../words";

export const APPEARANCE = dictionary({
  what: [
    "This browser keeps them, for whoever uses it.",
    "Disimpan oleh peramban ini, untuk siapa pun yang memakainya.",
  ],
  language: ["Language", "Bahasa"],
  theme: ["Theme", "Tema"],
  system: ["As the system", "Ikuti sistem"],
  light: ["Light", "Terang"],
  dark: ["Dark", "Gelap"],
  zone: ["Time zone of all times shown", "Zona waktu untuk semua waktu"],
  zoneOfBrowser: [(zone: string) => `The browser's (${zone})`, (zone: string) => `Milik peramban (${zone})`],
  now: ["Now is", "Sekarang"],
  login: ["Your login", "Login Anda"],
  name: ["Name", "Nama"],
  may: ["May", "Cakupan"],
  domain: ["Domain", "Domain"],
  everyDomain: ["every domain", "semua domain"],
  ends: ["The session ends", "Sesi berakhir"],
});
