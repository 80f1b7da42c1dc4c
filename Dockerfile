# syntax=docker/dockerfile:1
# CPU image:   docker build -t agent-tool-firewall .
# CUDA image:  docker build --build-arg RUNTIME=cuda -t agent-tool-firewall:cuda .   (run with --gpus and
#              FIREWALL_PROVIDER=cuda; the driver comes from the host, the CUDA libraries from Python packages)
FROM python:3.11-slim-bookworm AS build
ARG RUNTIME=cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/firewall && /opt/firewall/bin/pip install --quiet --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY firewall ./firewall
RUN /opt/firewall/bin/pip install --quiet --no-deps --no-build-isolation .
# onnxruntime and onnxruntime-gpu are the same module; only one of them may be there.
RUN case "$RUNTIME" in \
      cpu) ;; \
      cuda) /opt/firewall/bin/pip uninstall --quiet --yes onnxruntime \
            && /opt/firewall/bin/pip install --quiet "onnxruntime-gpu[cuda,cudnn]>=1.22" ;; \
      *) echo "RUNTIME is cpu or cuda" && exit 2 ;; \
    esac
RUN /opt/firewall/bin/python -m compileall -q /opt/firewall/lib/python3.11/site-packages/firewall

FROM python:3.11-slim-bookworm
COPY --from=build /opt/firewall /opt/firewall
COPY rules /srv/rules
COPY models/injection /srv/models/injection
COPY models/entities /srv/models/entities
RUN groupadd --gid 10001 firewall && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin firewall \
    && mkdir -p /var/lib/firewall && chown 10001:10001 /var/lib/firewall
# The root file system may be mounted read-only; only the volume is written.
ENV PATH=/opt/firewall/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    TRANSFORMERS_OFFLINE=1 \
    ORT_DISABLE_TELEMETRY=1 \
    FIREWALL_HOST=0.0.0.0 \
    FIREWALL_ALLOW_OPEN_NETWORK=true \
    FIREWALL_RULES_DIR=/srv/rules \
    FIREWALL_MODELS_DIR=/srv/models \
    FIREWALL_AUDIT_DATABASE=/var/lib/firewall/audit.db \
    FIREWALL_AUDIT_KEY=/var/lib/firewall/audit.key
WORKDIR /srv
RUN ["firewall", "models", "verify"]
USER 10001:10001
VOLUME /var/lib/firewall
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import sys, urllib.request as u; sys.exit(u.urlopen('http://127.0.0.1:8080/readyz', timeout=2).status != 200)"]
ENTRYPOINT ["firewall"]
CMD ["serve"]
