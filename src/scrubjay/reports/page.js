"use strict";
// Filters the findings that are on the page. Without this script the page is complete but unfiltered.
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const counter = document.getElementById("counter");
  const nothing = document.getElementById("nothing");
  const causes = [...document.querySelectorAll("details.cause")].map((element) => ({
    element,
    row: document.querySelector(`.todo [data-cause="${element.dataset.cause}"]`),
    head: element.querySelector("summary").textContent.toLowerCase(),
    claims: [...element.querySelectorAll(".claim")].map((claim) => ({
      element: claim,
      head: claim.querySelector("h4").textContent.toLowerCase(),
      findings: [...claim.querySelectorAll(".finding")].map((finding) => ({
        element: finding,
        severity: finding.dataset.severity,
        rule: finding.dataset.rule,
        site: finding.dataset.site,
        payer: finding.dataset.payer,
        month: finding.dataset.month,
        money: finding.dataset.money,
        why: `why-${finding.dataset.why}`,
        text: finding.textContent.toLowerCase(),
      })),
    })),
  }));
  const known = new Set(["overpaid", "underpaid", "same"]);
  const total = document.querySelectorAll(".finding").length;

  const filter = () => {
    const boxes = [...form.querySelectorAll("[name=severity]")];
    const severities = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const rule = form.elements.rule.value;
    const [site, payer, month, money] = ["site", "payer", "month", "money"].map((name) => form.elements[name]?.value || "");
    const moves = (finding) => finding.money === money || finding.why === money || (money === "known" && known.has(finding.money));
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const active = rule || site || payer || month || money || words.length || severities.size < boxes.length;
    let shown = 0;
    let shownCauses = 0;
    for (const cause of causes) {
      let inCause = 0;
      for (const claim of cause.claims) {
        let inClaim = 0;
        for (const finding of claim.findings) {
          const fits =
            severities.has(finding.severity) &&
            (!rule || finding.rule === rule) &&
            (!site || (finding.site || "?") === site) &&
            (!payer || finding.payer === payer) &&
            (!month || finding.month === month) &&
            (!money || moves(finding)) &&
            words.every((word) => finding.text.includes(word) || claim.head.includes(word) || cause.head.includes(word));
          finding.element.hidden = !fits;
          inClaim += fits;
        }
        claim.element.hidden = !inClaim;
        inCause += inClaim;
      }
      const visible = Boolean(inCause || !active);
      cause.element.hidden = !visible;
      if (cause.row) cause.row.hidden = !visible;
      shown += inCause;
      shownCauses += visible;
    }
    const of = (number, word) => `${number.toLocaleString("en-US")} ${word}${number === 1 ? "" : "s"}`;
    counter.textContent = active
      ? `Filtered: ${shown.toLocaleString("en-US")} of ${of(total, "listed finding")}, ${of(shownCauses, "root cause")}`
      : `${of(total, "finding")} listed, ${of(shownCauses, "root cause")}`;
    form.classList.toggle("active", Boolean(active));
    nothing.hidden = shown > 0 || !active;
  };

  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  const setOpen = (open) => causes.forEach(({ element }) => (element.open = open));
  form.elements.open.addEventListener("click", () => setOpen(true));
  form.elements.close.addEventListener("click", () => setOpen(false));
  form.elements.print.addEventListener("click", () => window.print());

  // A number of what it costs sets the filter and shows its findings; a root cause is shown without a filter.
  document.getElementById("costs")?.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    form.reset();
    for (const [name, given] of Object.entries(link.dataset)) if (form.elements[name]) form.elements[name].value = given;
    filter();
    if (!link.dataset.money) return openTarget(link.hash);
    event.preventDefault();
    for (const { element } of causes) element.open = !element.hidden;
    const heading = document.querySelector("#findings h2");
    heading.scrollIntoView();
    heading.focus({ preventScroll: true });
  });

  // A link to a root cause or a finding opens what it is in; printing opens everything and puts it back.
  const openTarget = (hash = location.hash) => {
    let element = hash.length > 1 ? document.getElementById(hash.slice(1)) : null;
    for (; element; element = element.parentElement) if (element.matches("details")) element.open = true;
  };
  window.addEventListener("hashchange", () => openTarget());
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((element) => (element.open = true));
  });
  window.addEventListener("afterprint", () => closed.forEach((element) => (element.open = false)));

  form.hidden = false;
  filter();
  openTarget();
})();
