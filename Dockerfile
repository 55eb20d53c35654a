# Two stages: what builds does not run. The root file system may be read-only; state is under /data alone.
# Another image with Python 3.11 or newer may take the place of this one: `make image` builds on one of Debian's own packages.
ARG PYTHON_IMAGE=python:3.12.12-slim-bookworm
FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY gateway gateway
# What is downloaded has the hashes of the lock file, the build backend too; the package itself comes from here.
RUN python -m venv /opt/gateway \
    && /opt/gateway/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements.lock \
    && /opt/gateway/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin gateway \
    && mkdir /rules && install -d -m 700 -o gateway /data
COPY --from=build /opt/gateway /opt/gateway
COPY rules /rules
ENV PATH=/opt/gateway/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GATEWAY_LISTEN=0.0.0.0:9096 \
    GATEWAY_RULES=/rules \
    GATEWAY_DATA_DIR=/data
USER 10001
VOLUME /data
EXPOSE 9096
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9096/livez', timeout=2)"]
ENTRYPOINT ["gateway"]
CMD ["serve"]
