# Non-root, read-only root file system (run with --read-only and a volume at /data), exec form so that SIGTERM drains.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY data ./data
COPY estimator ./estimator
COPY bot ./bot
COPY handlers ./handlers
RUN python -m venv /opt/mlbot \
    && /opt/mlbot/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin mlbot \
    && mkdir /data && chown mlbot /data
COPY --from=build /opt/mlbot /opt/mlbot
ENV PATH=/opt/mlbot/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MPLCONFIGDIR=/tmp \
    HOST=0.0.0.0 PORT=3000 DATABASE_URL=sqlite:////data/mlbot.db MLBOT_POLICY=/data/policy.toml
USER 10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:3000/healthz', timeout=4)"]
ENTRYPOINT ["mlbot"]
CMD ["run"]
