import { dictionary } from "../../words";

export const INBOX = dictionary({
  inbox: ["Inbox", "Kotak masuk"],
  empty: ["Nothing waits for you", "Tidak ada yang menunggu Anda"],
  emptyHelp: [
    "Dead letters, messages that were set aside, and bulk actions that could not do everything come up here.",
    "Surat mati, pesan yang disisihkan, dan tindakan massal yang tidak tuntas muncul di sini.",
  ],
  letters: ["Failed for good: retry or discard", "Gagal total: ulangi atau buang"],
  poison: ["Messages set aside: retry or discard", "Pesan yang disisihkan: ulangi atau buang"],
  bulk: ["Bulk actions that could not do everything", "Tindakan massal yang tidak tuntas"],
  all: ["Show all", "Tampilkan semua"],
  couldNot: [
    (failed: number, total: number) =>
      `${failed.toLocaleString("en")} of ${total.toLocaleString("en")} runs were refused`,
    (failed: number, total: number) =>
      `${failed.toLocaleString("id")} dari ${total.toLocaleString("id")} eksekusi ditolak`,
  ],
});
