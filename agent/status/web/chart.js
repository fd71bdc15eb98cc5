// Lets a finger, a mouse or the arrow keys read the charts, and has uPlot redraw
// the curves so that one can zoom into them. All numbers and words are those of
// the table below each chart: this module computes and words nothing.

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colours = { drawn: "--drawn", injected: "--injected", self: "--self", other: "--other", before: "--muted" };
const colour = (name) => style(colours[name] ?? "--muted");

// read takes a chart's table apart.
const read = (figure) => {
  const rows = [...figure.querySelectorAll("tbody tr")];
  return {
    classes: [...figure.querySelectorAll("thead th")].slice(1).map((th) => th.dataset.class),
    labels: [...figure.querySelectorAll("thead th")].slice(1).map((th) => th.textContent),
    times: rows.map((tr) => Date.parse(tr.querySelector("time").dateTime) / 1000),
    words: rows.map((tr) => [...tr.children].map((cell) => cell.textContent)),
    values: rows.map((tr) => [...tr.querySelectorAll("td")].map((td) => td.firstElementChild && Number(td.firstElementChild.value))),
  };
};

// readout says one row of the table in a corner of the drawing.
const readout = (figure, table) => {
  const out = document.createElement("output");
  out.className = "readout";
  figure.querySelector(".drawing").append(out);
  return (row) => {
    const [at, ...cells] = table.words[row] ?? [];
    out.textContent = at ? [at, ...cells.filter(Boolean).map((text, i) => (cells.length > 1 ? `${table.labels[i]} ${text}` : text))].join(" · ") : "";
  };
};

// walk moves a position along the rows by the arrow keys, while the drawing has the focus.
const walk = (drawing, count, pick) => {
  let row = count;
  drawing.tabIndex = 0;
  drawing.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -count, End: count }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    row = Math.max(0, Math.min(count - 1, row + step));
    pick(row);
  });
  drawing.addEventListener("blur", () => pick(-1));
};

// bars keeps the server's drawing: each of its columns is a row of the table.
const bars = (figure, table) => {
  const say = readout(figure, table);
  const slots = [...figure.querySelectorAll(".slot")];
  const pick = (row) => {
    slots.forEach((slot, i) => slot.classList.toggle("picked", i === row));
    say(row);
  };
  slots.forEach((slot, i) => {
    slot.querySelector("title")?.remove(); // the corner says it
    slot.addEventListener("pointerenter", () => pick(i));
    slot.addEventListener("pointerleave", () => pick(-1));
  });
  walk(figure.querySelector(".drawing"), table.times.length, pick);
};

// percent reads a place of the server's drawing.
const percent = (element, name) => parseFloat(element.getAttribute(name)) / 100;

// lonely finds the values that no line leads to or from: each is drawn as a dot.
const lonely = (values) => values.flatMap((v, i) => (v != null && values[i - 1] == null && values[i + 1] == null ? [i] : []));

// curve has uPlot draw what the server drew.
const curve = (figure, table, uPlot) => {
  const drawing = figure.querySelector(".drawing");
  const svg = drawing.querySelector(".plot");
  const scale = drawing.querySelector(".values");
  const say = readout(figure, table);
  const from = Date.parse(figure.dataset.from) / 1000;
  const to = Date.parse(figure.dataset.to) / 1000;
  const at = (share) => from + share * (to - from);
  const ticks = [...svg.querySelectorAll(".ticks text")];
  const marks = [...scale.querySelectorAll("[data-value]")];
  const bands = [...svg.querySelectorAll(".band")].map((b) => ({ from: at(percent(b, "x")), to: at(percent(b, "x") + percent(b, "width")), fill: getComputedStyle(b).fill, off: b.classList.contains("off-peak") }));
  const guides = [...svg.querySelectorAll(".guide")].map((g) => at(percent(g, "x1")));
  const half = table.times.length > 1 ? (table.times[1] - table.times[0]) / 2 : 0;
  const zone = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: document.body.dataset.zone || undefined });
  const unit = scale.querySelector(".of").textContent;
  const gutter = scale.clientWidth;
  const height = svg.clientHeight;
  const high = Math.max(1, ...marks.map((m) => Number(m.dataset.value)));
  const low = Math.min(0, ...marks.map((m) => Number(m.dataset.value)));

  const tint = (u) => {
    for (const band of bands) {
      const [x0, x1] = [band.from, band.to].map((t) => Math.min(Math.max(u.valToPos(t, "x", true), u.bbox.left), u.bbox.left + u.bbox.width));
      u.ctx.save();
      u.ctx.globalAlpha = 0.08;
      u.ctx.fillStyle = band.off ? style("--text") : band.fill;
      u.ctx.fillRect(x0, u.bbox.top, x1 - x0, u.bbox.height);
      u.ctx.restore();
    }
  };
  const guide = (u) => {
    u.ctx.save();
    u.ctx.strokeStyle = style("--line");
    u.ctx.beginPath();
    for (const x of guides.map((t) => Math.round(u.valToPos(t, "x", true)))) {
      u.ctx.moveTo(x, u.bbox.top);
      u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
    }
    u.ctx.stroke();
    u.ctx.restore();
  };
  const write = (u, label, x, y, align) => {
    u.ctx.textAlign = align;
    u.ctx.fillText(label, x, y);
  };
  const words = (u) => {
    const { ctx, bbox } = u;
    const px = devicePixelRatio;
    const letter = 0.75 * parseFloat(getComputedStyle(document.documentElement).fontSize);
    ctx.save();
    ctx.font = `${letter * px}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.fillStyle = style("--muted");
    ctx.lineWidth = px;
    for (const mark of marks) {
      const value = Number(mark.dataset.value);
      const y = Math.round(u.valToPos(value, "y", true));
      ctx.strokeStyle = style(value === 0 ? "--edge" : "--line");
      ctx.setLineDash(value === 0 ? [] : [2 * px, 5 * px]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      write(u, mark.textContent, bbox.left - 6 * px, y + 4 * px, "right");
    }
    write(u, unit, bbox.left - 6 * px, 0.85 * letter * px, "right");
    const bottom = bbox.top + bbox.height + 1.25 * letter * px;
    const labels = whole(u)
      ? ticks.map((t) => [at(percent(t, "x")), t.textContent, t.getAttribute("text-anchor")])
      : Array.from({ length: 4 }, (_, i) => u.scales.x.min + ((u.scales.x.max - u.scales.x.min) * (i + 0.5)) / 4).map((t) => [t, zone.format(t * 1000), "middle"]);
    let free = -Infinity; // where the next word may begin: a phone that is turned has room for fewer
    for (const [t, label, anchor] of labels) {
      const x = u.valToPos(t, "x", true);
      const width = ctx.measureText(label).width;
      const left = x - ({ start: 0, end: width }[anchor] ?? width / 2);
      if (left < free) continue;
      free = left + width + letter * px;
      write(u, label, left, bottom, "left");
    }
    ctx.restore();
  };
  const size = () => ({ width: drawing.clientWidth, height });

  const whole = (u) => u.scales.x.min === from && u.scales.x.max === to;
  const options = {
    ...size(),
    legend: { show: false },
    padding: [0.08 * height, 0, 0.12 * height, gutter], // the plot lies where the server's lay
    cursor: { y: false, drag: { x: true, y: false }, points: { size: 8 } },
    scales: { x: { time: true, min: from, max: to, range: (u, min, max) => [min ?? from, max ?? to] }, y: { range: [low, high] } },
    axes: [{ show: false }, { show: false }],
    series: [{}, ...table.classes.map((name, i) => ({
      label: table.labels[i], stroke: () => colour(name), width: 2, spanGaps: false, points: { size: 6, fill: () => colour(name), filter: (u, line) => lonely(u.data[line]) },
      dash: name === "before" ? [4, 4] : name === "other" ? [8, 3] : undefined,
      fill: svg.querySelector(`.surface.${CSS.escape(name)}`) ? () => colour(name) + "29" : undefined,
    }))],
    hooks: {
      drawClear: [tint, guide],
      draw: [words],
      setCursor: [(u) => say(u.cursor.idx ?? -1)],
    },
  };
  const data = [table.times.map((t) => t + half), ...table.classes.map((_, i) => table.values.map((row) => row[i]))];
  const plot = new uPlot(options, data, drawing);
  plot.root.setAttribute("aria-hidden", "true");
  for (const drawn of [svg, scale]) drawn.classList.add("redrawn"); // it stays for screen readers and for paper
  walk(drawing, table.times.length, (row) => plot.setCursor(row < 0 ? { left: -10, top: -10 } : { left: plot.valToPos(data[0][row], "x"), top: 1 }));
  new ResizeObserver(() => plot.setSize(size())).observe(drawing);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw()); // some turn dark in the evening
};

// enhance takes over the figures that it has not yet. uPlot is not there in a program
// that was built without npm: the curves stay as they are.
const enhance = async () => {
  const figures = [...document.querySelectorAll("figure[data-chart]:not([data-read])")];
  for (const figure of figures) {
    figure.dataset.read = "";
    if (figure.dataset.chart === "bars") bars(figure, read(figure));
  }
  const curves = figures.filter((f) => f.dataset.chart === "curve");
  if (!curves.length || !document.body.dataset.uplot) return;
  const { default: uPlot } = await import(document.body.dataset.uplot);
  for (const figure of curves) curve(figure, read(figure), uPlot);
};

enhance();
document.addEventListener("refreshed", enhance);

// The arrow keys turn to the time before and after.
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.target.closest("input, select, textarea, .scroll")) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  document.querySelector(`main a[rel="${rel}"]`)?.click();
});
