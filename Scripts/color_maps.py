#!/usr/bin/env python3
"""Write Sources/OpsinVision/Draw/ColorMapTables.swift: 256 colours of each map.

    color_maps.py > Sources/OpsinVision/Draw/ColorMapTables.swift

Needs matplotlib, whose tables of viridis, inferno and magma (Smith, van der Walt, Firing) are CC0; turbo (Mikhailov, Google) is Apache-2.0;
Spectral (ColorBrewer, Cynthia Brewer, Mark Harrower and The Pennsylvania State University) is Apache-2.0.
"""
import base64

import matplotlib
import numpy as np

MAPS = {"viridis": "viridis", "inferno": "inferno", "magma": "magma", "turbo": "turbo", "spectral": "Spectral_r"}

HEAD = '''/// 256 colours of each map as base64 of red, green, blue, from the far end to the near one. Scripts/color_maps.py writes this file.
///
/// Sources: viridis, inferno and magma by Nathaniel Smith, Stefan van der Walt and Eric Firing, CC0; turbo by Anton Mikhailov, Google, Apache-2.0;
/// spectral (ColorBrewer's, reversed so that its red end is the near one) by Cynthia Brewer, Mark Harrower and The Pennsylvania State University,
/// Apache-2.0 (see NOTICE).
enum ColorMapTables {'''


def main():
    print(HEAD)
    for i, (name, source) in enumerate(MAPS.items()):
        rgb = matplotlib.colormaps[source](np.arange(256), bytes=True)[:, :3]
        text = base64.b64encode(rgb.tobytes()).decode()
        lines = [text[k:k + 148] for k in range(0, len(text), 148)]
        print(("\n" if i else "") + f'    static let {name}: StaticString = """')
        print("\\\n".join("        " + line for line in lines) + '\n        """')
    print("}")


if __name__ == "__main__":
    main()
