// Keeps a screen on a wall fresh. Without this module the page reloads itself.

const every = 2_000;
const patience = 5; // failures in a row before it is said

const stage = document.getElementById("sheet");
const asked = new URL(document.body.dataset.sheet, location.href);
let known = "", failures = 0;

const lost = () => {
  document.getElementById("lost").hidden = failures < patience;
};

const draw = async () => {
  asked.searchParams.set("w", Math.max(innerWidth, 100));
  asked.searchParams.set("h", Math.max(innerHeight, 100));
  try {
    const answer = await fetch(asked, { cache: "no-store", headers: known ? { "If-None-Match": known } : {} });
    if (answer.headers.get("Releve-Build") !== document.body.dataset.build) return location.reload(); // updated, or shut out
    if (answer.status === 200) {
      stage.innerHTML = await answer.text();
      known = answer.headers.get("ETag");
    }
    failures = 0;
  } catch {
    failures++;
  }
  lost();
};

const forward = (event) => {
  event.preventDefault();
  asked.searchParams.set("forward", Number(asked.searchParams.get("forward")) + 1);
  asked.searchParams.delete("view"); // a hand goes on from it
  draw();
};

document.getElementById("next").addEventListener("click", forward);
addEventListener("keydown", (event) => {
  if (event.key === "ArrowRight" || event.key === " ") forward(event);
});
addEventListener("resize", draw);
setInterval(draw, every);
draw();
