"use strict";
(() => {
  const graph = JSON.parse(document.getElementById("graph").textContent);
  const byId = (id) => document.getElementById(id);
  const svg = byId("drawing"), view = byId("view"), query = byId("query"), hits = byId("hits");
  const nodes = graph.nodes.map((_, index) => byId("node" + index));
  const edges = [...view.querySelectorAll(".edge")];
  const labels = [...view.querySelectorAll(".label")];
  const bands = [...view.querySelectorAll(".band")];
  const names = new Map(graph.nodes.map((node, index) => [node.name, index]));
  const box = svg.viewBox.baseVal, whole = { width: box.width, height: box.height };
  const place = nodes.map((node) => {
    const { e, f } = node.transform.baseVal.consolidate().matrix;
    const card = node.querySelector(".card");
    return { x: e + card.width.baseVal.value / 2, y: f + card.height.baseVal.value / 2 };
  });
  svg.removeAttribute("viewBox");

  // ---- light and dark: the system's choice until the reader makes one
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = (isDark) => document.documentElement.classList.toggle("dark", isDark);
  paint(dark.matches);
  dark.addEventListener("change", (event) => paint(event.matches));
  byId("theme").addEventListener("click", () => paint(!document.documentElement.classList.contains("dark")));

  // ---- zoom and pan
  let scale = 1, x = 0, y = 0;
  const size = () => ({ width: svg.clientWidth || 1, height: svg.clientHeight || 1 });
  function apply() {
    view.setAttribute("transform", `translate(${x},${y}) scale(${scale})`);
    svg.classList.toggle("far", scale < 0.55);
    const left = Math.min(0, -x / scale), right = (size().width - x) / scale;
    for (const band of bands) {  // bands reach from edge to edge of the window
      band.setAttribute("x", left);
      band.setAttribute("width", Math.max(whole.width, right) - left);
    }
    for (const label of labels) {  // names of scopes stay in sight and of one size
      label.setAttribute("transform", `translate(${-x / scale},${label.dataset.y}) scale(${1 / scale})`);
    }
  }
  function zoom(factor, centreX, centreY) {
    const next = Math.min(4, Math.max(0.04, scale * factor));
    x = centreX - (centreX - x) * (next / scale);
    y = centreY - (centreY - y) * (next / scale);
    scale = next;
    apply();
  }
  function fit() {
    const { width, height } = size();
    const gutter = Math.min(110, width / 4);  // on the left, where the names of the scopes stand
    scale = Math.min((width - gutter) / whole.width, height / whole.height, 1.25);
    x = gutter + (width - gutter - whole.width * scale) / 2;
    y = Math.max(0, (height - whole.height * scale) / 2);
    apply();
  }
  function centre(index, least) {
    const { width, height } = size();
    scale = Math.max(scale, least);
    x = width / 2 - place[index].x * scale;
    y = height / 2 - place[index].y * scale;
    apply();
  }
  const middle = () => [size().width / 2, size().height / 2];
  byId("closer").addEventListener("click", () => zoom(1.3, ...middle()));
  byId("farther").addEventListener("click", () => zoom(1 / 1.3, ...middle()));
  byId("fit").addEventListener("click", fit);
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const frame = svg.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 30 : 1;
    zoom(Math.exp(-event.deltaY * lines * 0.0016), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });

  const fingers = new Map();
  let moved = 0;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 1) moved = 0;
  });
  addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const now = [event.clientX, event.clientY];
    if (fingers.size === 1) {
      moved += Math.abs(now[0] - last[0]) + Math.abs(now[1] - last[1]);
      if (moved > 4) {
        svg.classList.add("dragging");
        x += now[0] - last[0];
        y += now[1] - last[1];
        apply();
      }
    } else {
      const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const apart = (at) => Math.hypot(at[0] - other[0], at[1] - other[1]) || 1;
      const frame = svg.getBoundingClientRect();
      moved = 9;
      zoom(apart(now) / apart(last), (now[0] + other[0]) / 2 - frame.left, (now[1] + other[1]) / 2 - frame.top);
    }
    fingers.set(event.pointerId, now);
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    addEventListener(kind, (event) => {
      fingers.delete(event.pointerId);
      svg.classList.remove("dragging");
    });
  }

  // ---- a node's details
  let chosen = -1;
  function link(index, edge) {
    const item = document.createElement("li"), anchor = document.createElement("a");
    anchor.textContent = graph.nodes[index].name;
    anchor.href = "#" + encodeURIComponent(graph.nodes[index].name);
    anchor.dataset.name = graph.nodes[index].name;
    item.append(anchor);
    const note = document.createElement("span");
    note.className = "parameter";
    const words = edge.parameters.map((name) => (/^\d+$/.test(name) ? "argument " + (Number(name) + 1) : name));
    note.textContent = "  " + words.join(", ") + (edge.deferred ? " (its provider)" : "");
    item.append(note);
    if (edge.fault) {
      const fault = document.createElement("span");
      fault.className = edge.fault;
      fault.textContent = "  " + edge.fault;
      item.append(fault);
    }
    return item;
  }
  function fact(list, term, text, code) {
    if (!text) return;
    const name = document.createElement("dt"), value = document.createElement("dd");
    name.textContent = term;
    value.textContent = text;
    if (code) value.className = "code";
    list.append(name, value);
  }
  function choose(index) {
    chosen = index;
    const found = index >= 0;
    svg.classList.toggle("picked", found);
    byId("details").hidden = !found;
    byId("overview").hidden = found;
    nodes.forEach((node, at) => {
      node.classList.toggle("chosen", at === index);
      node.classList.toggle("near", at === index);
    });
    for (const edge of edges) {
      const near = found && (Number(edge.dataset.from) === index || Number(edge.dataset.to) === index);
      edge.classList.toggle("near", near);
      if (near) {
        nodes[edge.dataset.from].classList.add("near");
        nodes[edge.dataset.to].classList.add("near");
      }
    }
    if (!found) return;
    const node = graph.nodes[index], facts = byId("facts");
    byId("what").textContent = node.name;
    facts.replaceChildren();
    fact(facts, "kind", `${node.kind}: ${node.about}`);
    fact(facts, "provides", node.provides, true);
    fact(facts, "scope", node.scope || (node.within ? `each use; lives no longer than ${node.within}` : "each use"));
    fact(facts, "declared", node.place, true);
    fact(facts, "async", node.async ? "must be awaited" : "");
    fact(facts, "teardown", node.teardown ? "closing its scope runs code of its own" : "");
    const needs = graph.edges.filter((edge) => edge.from === index);
    const users = graph.edges.filter((edge) => edge.to === index);
    byId("needs-title").textContent = needs.length ? `Depends on (${needs.length})` : "Depends on nothing";
    byId("needs").replaceChildren(...needs.map((edge) => link(edge.to, edge)));
    byId("users-title").textContent = users.length ? `Used by (${users.length})` : "Used by nothing";
    byId("users").replaceChildren(...users.map((edge) => link(edge.from, edge)));
    byId("details").parentElement.scrollTop = 0;
  }
  function leave() {
    history.replaceState(null, "", location.pathname + location.search);
    choose(-1);
  }
  function go(name, least) {
    if (!names.has(name)) return;
    history.replaceState(null, "", "#" + encodeURIComponent(name));
    choose(names.get(name));
    if (least) centre(names.get(name), least);
  }
  svg.addEventListener("click", (event) => {
    if (moved > 4) return;
    const node = event.target.closest(".node");
    if (node) go(graph.nodes[node.dataset.index].name);
    else if (chosen >= 0) leave();
  });
  svg.addEventListener("keydown", (event) => {
    const node = event.target.closest(".node");
    if (node && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      go(graph.nodes[node.dataset.index].name);
    }
  });
  document.querySelector("aside").addEventListener("click", (event) => {
    const anchor = event.target.closest("a[data-name]");
    if (!anchor) return;
    event.preventDefault();
    go(anchor.dataset.name, 0.8);
  });
  byId("back").addEventListener("click", leave);

  // ---- search
  let found = [], at = -1;
  function search() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = [];
    graph.nodes.forEach((node, index) => {
      const text = [node.name, node.provides, node.kind, node.scope || "", node.place].join(" ").toLowerCase();
      const hit = words.length > 0 && words.every((word) => text.includes(word));
      nodes[index].classList.toggle("hit", hit);
      if (hit) found.push(index);
    });
    at = -1;
    svg.classList.toggle("searched", words.length > 0);
    hits.textContent = words.length ? `${found.length} found` : "";
  }
  query.addEventListener("input", search);
  byId("search").addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && found.length) {
      event.preventDefault();
      at = (at + (event.shiftKey ? -1 : 1) + found.length) % found.length;
      hits.textContent = `${at + 1} of ${found.length}`;
      go(graph.nodes[found[at]].name, 0.9);
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      query.value = "";
      search();
      query.blur();
      leave();
    } else if (event.target !== query && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (event.key === "/") { event.preventDefault(); query.focus(); }
      else if (event.key === "+" || event.key === "=") zoom(1.3, ...middle());
      else if (event.key === "-") zoom(1 / 1.3, ...middle());
      else if (event.key === "0") fit();
    }
  });

  // ---- start: everything in sight, or the node that the address names
  function open() {
    const name = decodeURIComponent(location.hash.slice(1));
    if (names.has(name)) {
      choose(names.get(name));
      if (scale < 0.7) centre(names.get(name), 0.9);
    }
  }
  fit();
  open();
  addEventListener("hashchange", open);
  let width = size().width;
  new ResizeObserver(() => {
    if (size().width !== width) { width = size().width; fit(); }
  }).observe(svg);
})();
