// What is wrong for people who see little or use no mouse, as a list of sentences.
const wrong = [];

const channel = (value) => {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
};
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const colour = (text) => text.match(/[\d.]+/g).map(Number);
const isSolid = (text) => (colour(text)[3] ?? 1) === 1;

function background(node) {
  for (let at = node; at; at = at.parentElement) {
    const paint = getComputedStyle(at).backgroundColor;
    if (isSolid(paint)) return colour(paint);
  }
  return [255, 255, 255];
}

// WCAG 2.2, 1.4.3: 4.5 to 1 for text (inactive controls are exempt, and here they pass too).
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement;
  const isShown = node.checkVisibility() && !node.closest(".hidden, template, script");
  if (!isShown || !walker.currentNode.data.trim()) continue;
  const [a, b] = [luminance(colour(getComputedStyle(node).color)), luminance(background(node))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)} of "${walker.currentNode.data.trim()}"`);
}

for (const field of document.querySelectorAll("input")) {
  if (![...field.labels].some((label) => label.textContent.trim())) wrong.push(`no label: ${field.name}`);
}
for (const button of document.querySelectorAll("button, a")) {
  if (!(button.textContent.trim() || button.ariaLabel)) wrong.push(`no name: ${button.outerHTML}`);
}
for (const chat of document.querySelectorAll(".chat")) {
  if (chat.ariaLive !== "polite" || !chat.ariaLabel) wrong.push("a chat that is not announced");
}
const { scrollWidth, clientWidth } = document.documentElement;
if (scrollWidth > clientWidth) wrong.push(`the page is ${scrollWidth} wide, the screen ${clientWidth}`);
return wrong;
