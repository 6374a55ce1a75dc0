import { dictionary } from "../../words";

const en = (count: number) => count.toLocaleString("en");
const id = (count: number) => count.toLocaleString("id");

export const RUNS = dictionary({
  runs: ["Runs", "Eksekusi"],
  nothingYet: [
    "No job has run so far. Start one, and its runs appear here by themselves.",
    "Belum ada pekerjaan yang berjalan. Jalankan satu, dan eksekusinya muncul di sini.",
  ],
  newer: ["Newer", "Lebih baru"],
  fresh: [
    (count: number, more: boolean) => `${en(count)}${more ? "+" : ""} new`,
    (count: number, more: boolean) => `${id(count)}${more ? "+" : ""} baru`,
  ],
  keys: [
    "Keys: j and k move, Enter opens, x selects, with Shift a range",
    "Tombol: j dan k berpindah, Enter membuka, x memilih, dengan Shift serentang",
  ],
  pickPage: ["Select all runs on this page", "Pilih semua eksekusi di halaman ini"],
  pick: [(run: string) => `Select ${run}`, (run: string) => `Pilih ${run}`],
});

/** What stands above the list: what one looks for, and under which name. */
export const FILTERS = dictionary({
  filters: ["Filters", "Saringan"],
  text: ["Job or run id", "Pekerjaan atau id eksekusi"],
  tag: ["Tag", "Tag"],
  created: ["Created", "Dibuat"],
  finished: ["Ended", "Berakhir"],
  input: ["Input", "Masukan"],
  failureGroup: ["Failure group", "Kelompok kegagalan"],
  deadLetters: ["Only dead letters", "Hanya surat mati"],
  clearAll: ["Clear all", "Hapus semua"],
  unknown: ["Not a filter", "Bukan saringan"],
  without: [
    (name: string, value: string) => `Remove ${name}: ${value}`,
    (name: string, value: string) => `Hapus ${name}: ${value}`,
  ],
  find: ["Find, or type one and press Enter", "Cari, atau ketik lalu tekan Enter"],
  none: ["None", "Tidak ada"],
  noPath: ["No job declares searchable inputs.", "Tidak ada pekerjaan yang mendeklarasikan input yang dapat dicari."],
  path: ["Path", "Jalur"],
  value: ["Value", "Nilai"],
  add: ["Add", "Tambah"],
  quarter: ["Last 15 minutes", "15 menit terakhir"],
  hour: ["Last hour", "Satu jam terakhir"],
  day: ["Last 24 hours", "24 jam terakhir"],
  today: ["Today", "Hari ini"],
  week: ["Last 7 days", "7 hari terakhir"],
  between: ["Between…", "Antara…"],
  from: [(at: string) => `from ${at}`, (at: string) => `dari ${at}`],
  until: [(at: string) => `until ${at}`, (at: string) => `sampai ${at}`],
  apply: ["Apply", "Terapkan"],
  start: ["From", "Dari"],
  end: ["Until", "Sampai"],
  inZone: [(zone: string) => `Times are of ${zone}.`, (zone: string) => `Waktu menurut ${zone}.`],
  views: ["Views", "Tampilan"],
  failedToday: ["Failed today", "Gagal hari ini"],
  running: ["Running", "Berjalan"],
  waiting: ["Waiting", "Menunggu"],
  letters: ["Dead letters", "Surat mati"],
  saved: ["Saved", "Tersimpan"],
  saveAs: ["Save these filters as", "Simpan saringan ini sebagai"],
  save: ["Save", "Simpan"],
  rename: ["Rename", "Ganti nama"],
  renameView: [(name: string) => `Rename ${name}`, (name: string) => `Ganti nama ${name}`],
  deleteView: [(name: string) => `Delete ${name}`, (name: string) => `Hapus ${name}`],
});
