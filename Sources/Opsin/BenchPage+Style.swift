extension BenchPage {
    /// Eight colours that people with the usual forms of colour blindness can tell apart, a shade lighter on dark screens.
    static let style = """
        :root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--fg:#1d2125;--dim:#687076;--rule:#e3e5e7;--roof:#1d2125;--warn:#9a4a00;
        --c0:#3366cc;--c1:#e07b00;--c2:#1a8f6a;--c3:#c23b7c;--c4:#7a5cc7;--c5:#9a7400;--c6:#2296b8;--c7:#8a8f94}
        @media(prefers-color-scheme:dark){:root{--bg:#15181b;--card:#1c2024;--fg:#e8eaec;--dim:#9ba3aa;--rule:#31373d;--roof:#e8eaec;--warn:#ffb066;
        --c0:#6e9bff;--c1:#ff9f40;--c2:#3fc79b;--c3:#f07ab2;--c4:#a98df0;--c5:#d3ab2f;--c6:#56c2e0;--c7:#a5abb1}}
        *{box-sizing:border-box}body{margin:0 auto;padding:24px;max-width:1180px;background:var(--bg);color:var(--fg);font:14px/1.45 system-ui,sans-serif}
        h1{font-size:22px;margin:0;overflow-wrap:anywhere}h2{font-size:17px;margin:0 0 4px}h3{font-size:14px;margin:22px 0 6px}
        header{margin-bottom:16px}.sub{color:var(--dim);margin:4px 0;font-size:12.5px}.warn{color:var(--warn);margin:4px 0}
        section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:18px 20px;margin:0 0 18px}
        .scroll{overflow-x:auto}.tall{max-height:520px;overflow-y:auto}
        table{border-collapse:collapse;width:100%;font-size:12.5px;font-variant-numeric:tabular-nums}
        th,td{padding:4px 8px;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap;font-weight:400}
        th:first-child,th.text,td.text{text-align:left}thead th{position:sticky;top:0;background:var(--card);color:var(--dim);z-index:1}
        tbody tr:hover{background:color-mix(in srgb,var(--c0) 9%,transparent)}
        button{font:inherit;color:inherit;background:none;border:1px solid var(--rule);border-radius:6px;padding:1px 9px;cursor:pointer}
        button.sort{border:0;padding:0}button.sort:hover{color:var(--fg);text-decoration:underline}
        a{color:inherit}dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 18px;margin:6px 0}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
        .legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin-top:10px;font-size:12.5px}.legend b{font-weight:400;color:var(--dim)}
        .legend i{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:5px;background:var(--c)}
        .share{display:inline-block;height:8px;max-width:90px;margin-right:6px;border-radius:2px;background:var(--c0);opacity:.45}
        .c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}
        svg.roofline{width:100%;min-width:640px;height:auto;display:block}svg text{fill:var(--dim);font-size:11px}
        .grid line{stroke:var(--rule)}.mid{text-anchor:middle}.end{text-anchor:end}
        .roof polyline{fill:none;stroke:var(--roof);stroke-width:1.6}.roof text,.names text{fill:var(--fg)}.names{pointer-events:none}
        .names text,.roof text{paint-order:stroke;stroke:var(--card);stroke-width:3px}
        .dot{fill:var(--c);fill-opacity:.62;stroke:var(--c)}.dot.hollow{fill-opacity:0}.dot:hover{fill-opacity:1;stroke:var(--fg);stroke-width:1.5}
        .line{position:relative;height:74px;min-width:100%;width:100%}
        .bar{position:absolute;top:0;height:48px;background:color-mix(in srgb,var(--c) 72%,var(--card));border-right:1px solid var(--card);
        overflow:hidden;white-space:nowrap;text-overflow:clip;font-size:11px;line-height:48px;padding-left:3px;color:var(--fg)}
        .bar:hover{background:var(--c)}.bar.thin{font-size:0;padding:0}
        .ticks span{position:absolute;white-space:nowrap;top:52px;font-size:11px;color:var(--dim);border-left:1px solid var(--rule);padding-left:3px}
        .ticks .last{border:0;transform:translateX(-100%)}.zoom{margin-bottom:6px}.zoom button{margin-right:4px}
        """

    /// Sorting, zooming, and names only where they can be read. The page is whole without it.
    static let script = """
        for (const button of document.querySelectorAll('button.sort')) button.addEventListener('click', () => {
          const th = button.parentElement, body = th.closest('table').tBodies[0], column = th.cellIndex, down = th.dataset.order !== 'down';
          for (const other of th.parentElement.cells) delete other.dataset.order;
          th.dataset.order = down ? 'down' : 'up';
          const value = row => row.cells[column].dataset.v === undefined ? row.cells[column].textContent : Number(row.cells[column].dataset.v);
          const rows = [...body.rows].sort((a, b) => { const x = value(a), y = value(b); return x < y ? 1 : x > y ? -1 : 0; });
          body.append(...(typeof (rows[0] ? value(rows[0]) : 0) === 'number' === down ? rows : rows.reverse()));
        });
        const fit = line => { for (const bar of line.querySelectorAll('.bar')) bar.classList.toggle('thin', bar.clientWidth < 24); };
        for (const zoom of document.querySelectorAll('.zoom')) {
          const line = document.getElementById(zoom.dataset.for);
          let scale = 1;
          fit(line);
          for (const button of zoom.querySelectorAll('button')) button.addEventListener('click', () => {
            const by = Number(button.dataset.by), view = line.parentElement, middle = (view.scrollLeft + view.clientWidth / 2) / line.clientWidth;
            scale = by ? Math.min(64, Math.max(1, scale * by)) : 1;
            line.style.width = scale * 100 + '%';
            view.scrollLeft = middle * line.clientWidth - view.clientWidth / 2;
            fit(line);
          });
        }
        document.documentElement.dataset.ready = 'yes';
        """
}
