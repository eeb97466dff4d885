// Light or dark: as the device says, or as this reader chose on the page. Gradio marks the body; a choice made here
// marks it after Gradio did, and stays when the device changes its mind.

const THEME_KEY = "storyboard.theme";
const THEMES = /** @type {const} */ (["system", "light", "dark"]);
const deviceDark = window.matchMedia("(prefers-color-scheme: dark)");

/** @param {HTMLSelectElement} select */
function startTheme(select) {
  const chosen = remembered(THEME_KEY);
  for (const theme of THEMES) {
    const option = make("option", "", say(`theme_${theme}`));
    option.value = theme;
    option.selected = theme === chosen;
    select.append(option);
  }
  if (chosen) wearTheme(chosen); // else an address may say it: ?__theme=dark
  select.addEventListener("change", () => {
    remember(THEME_KEY, select.value === "system" ? null : select.value);
    wearTheme(select.value);
  });
  deviceDark.addEventListener("change", () => select.value !== "system" && wearTheme(select.value));
}

/** @param {string} theme */
function wearTheme(theme) {
  document.body.classList.toggle("dark", theme === "system" ? deviceDark.matches : theme === "dark");
}
