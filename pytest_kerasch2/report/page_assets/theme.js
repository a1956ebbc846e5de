// In the head, so that the page is never painted in the wrong colours first.
try {
  const theme = localStorage.getItem("kerasch2-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing follows the system.
}
