// Light or dark: as the system says, unless the user chose.

import { $ } from "./dom.js";

const key = "theme";
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

const chosen = localStorage.getItem(key);
if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

$("#theme").addEventListener("click", () => {
  const now = root.dataset.theme ?? (system.matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  localStorage.setItem(key, root.dataset.theme);
});
