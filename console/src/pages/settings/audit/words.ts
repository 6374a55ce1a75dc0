import { dictionary } from "../../../words";

export const AUDIT = dictionary({
  when: ["When", "Waktu"],
  who: ["Who", "Siapa"],
  action: ["What", "Apa"],
  target: ["Where", "Di mana"],
  show: ["Show what changed", "Tampilkan perubahan"],
  hide: ["Hide what changed", "Sembunyikan perubahan"],
  field: ["Field", "Kolom"],
  before: ["Before", "Sebelum"],
  after: ["After", "Sesudah"],
  nothingTold: ["Nothing of its content changed.", "Isinya tidak berubah."],
  more: [(count: number) => `… and ${count} more`, (count: number) => `… dan ${count} lagi`],
  nothingYet: ["Nobody has changed anything so far.", "Belum ada yang diubah."],
  whoPrompt: ["Who, such as token:ci", "Siapa, misalnya token:ci"],
  actionPrompt: ["What, such as replace_job", "Apa, misalnya replace_job"],
  targetPrompt: ["Where, such as /jobs/report", "Di mana, misalnya /jobs/report"],
  only: [(what: string) => `Show ${what} only`, (what: string) => `Tampilkan ${what} saja`],
});
