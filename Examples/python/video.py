"""Objects in a video or before a camera, with OpenCV.

python video.py                     the first camera, in a window; q ends
python video.py film.mp4            a file, in a window
python video.py film.mp4 out.mp4    a file, written into another
"""

import sys
import time
from collections import deque

import cv2
import opsin


def main() -> None:
    source = sys.argv[1] if len(sys.argv) > 1 else 0
    video = cv2.VideoCapture(source)
    if not video.isOpened():
        sys.exit(f"video: {source} cannot be opened")
    writer = None
    session = opsin.Session(opsin.Model("detect"))
    frames, start = 0, time.perf_counter()
    waiting: deque = deque()
    # Frames go into a stream and come out in their order: while the model works on one, the next is read and the one before is drawn.
    stream = session.stream()
    while True:
        read, frame = video.read()
        if read:
            # OpenCV's arrays have blue first.
            stream.push(frame, color="bgr")
            waiting.append(frame)
        found = stream.poll(0 if read and len(waiting) < 4 else None)
        if found is None:
            if read:
                continue
            break
        frame = waiting.popleft()
        if isinstance(found, opsin.OpsinError):
            print("video:", found)
            continue
        found.draw_on(frame, color="bgr")
        frames += 1
        if len(sys.argv) > 2:
            if writer is None:
                size = (frame.shape[1], frame.shape[0])
                writer = cv2.VideoWriter(sys.argv[2], cv2.VideoWriter_fourcc(*"mp4v"), video.get(cv2.CAP_PROP_FPS) or 25, size)
            writer.write(frame)
        else:
            cv2.imshow("opsin", frame)
            if cv2.waitKey(1) == ord("q"):
                break
    if writer is not None:
        writer.release()
    print(f"{frames} frames, {frames / max(time.perf_counter() - start, 1e-9):.1f} a second")


if __name__ == "__main__":
    main()
