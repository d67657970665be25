"use strict";
// What every page makes itself of. Data is shown as text, never as markup.

const byId = (id) => document.getElementById(id);

/** An element with a class and children (strings become text). */
function el(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
}
