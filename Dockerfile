# The desk as an image. It serves the pages; `python -m services.cli worker` makes it a worker.
# docs/deploy.md says how it is run; compose.yaml runs it with a worker and PostgreSQL.

# The Python that the tests run on.
FROM python:3.11-slim AS packages
COPY requirements.txt .
RUN python -m venv --without-pip /opt/loopdesk \
    && pip --python /opt/loopdesk/bin/python install --no-cache-dir --no-compile \
        --disable-pip-version-check -r requirements.txt \
    && python -m compileall -q /opt/loopdesk/lib

FROM python:3.11-slim
RUN pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
    && groupadd --gid 10001 loopdesk \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin loopdesk \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=packages /opt/loopdesk /opt/loopdesk
WORKDIR /srv/loopdesk
COPY app.py pyproject.toml LICENSE ./
COPY .streamlit/config.toml .streamlit/
COPY static static
COPY db db
COPY services services
COPY pages pages
RUN /opt/loopdesk/bin/python -m compileall -q app.py db services pages

# Inside the container it listens to all; what is published decides who gets there.
ENV PATH=/opt/loopdesk/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LOOPDESK_VAR=/data \
    LOOPDESK_HOST=0.0.0.0 \
    PORT=8501
USER 10001:10001
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["python", "-m", "services.cli", "serve"]
