import { dictionary } from "../words";

export const LOGIN = dictionary({
  logIn: ["Log in", "Masuk"],
  password: ["Password", "Kata sandi"],
  token: ["Token", "Token"],
  byToken: ["With a token", "Dengan token"],
  byPassword: ["With a password", "Dengan kata sandi"],
  tokenHelp: [
    "The token that the server printed at its first start, or one that you were given.",
    "Token yang dicetak server saat pertama kali dijalankan, atau yang diberikan kepada Anda.",
  ],
  tokenWrong: ["This token opens nothing.", "Token ini tidak berlaku."],
  passwordWrong: ["There is no user of this name with this password.", "Nama atau kata sandi ini salah."],
  ended: [
    "Your session has ended. Log in again, and go on where you were.",
    "Sesi Anda sudah berakhir. Masuk lagi, lalu lanjutkan dari tempat semula.",
  ],
  linkRefused: ["This link does not log in any more.", "Tautan ini tidak berlaku lagi."],
  linkHelp: [
    "It works once, within ten minutes, in a browser on the server's own machine. Start treadle up again for another, or log in here.",
    "Tautan hanya berlaku sekali, dalam sepuluh menit, di peramban pada mesin server itu sendiri. Jalankan treadle up lagi untuk mendapat yang baru, atau masuk di sini.",
  ],
});
