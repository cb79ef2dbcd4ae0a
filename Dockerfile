# One image for web, listener, workers and migrations; docker-compose.yml says which command each of them runs.
# Build:  docker build --build-arg TORCH_INDEX_URL="<the CPU index that pytorch.org names>" -t mailwright .

FROM python:3.11-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PATH=/opt/venv/bin:$PATH
WORKDIR /srv/mailwright

# The libraries of the run time, by their hashes. torch is not among them: servers embed with ONNX Runtime.
FROM base AS libraries
COPY requirements.lock ./
RUN python -m venv /opt/venv \
 && pip install --no-deps --require-hashes -r requirements.lock

# The models, made once from hash-checked weights. torch, transformers and scikit-learn live and end in this stage.
FROM libraries AS models
# Where the CPU build of torch comes from, as pytorch.org names it. Left empty, pip takes its usual index, whose build
# for Linux brings CUDA: right as well, but gigabytes larger to download. The final image is the same either way.
ARG TORCH_INDEX_URL=""
# The lock comes first, so that torch finds there what it needs. It holds the tools of the tests, too: they end here.
COPY requirements.txt requirements-dev.lock ./
RUN pip install --no-deps --require-hashes -r requirements-dev.lock
RUN pip install ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} "$(grep '^torch==' requirements.txt)"
COPY settings.py ./
COPY domain domain
COPY adapters adapters
COPY understanding understanding
COPY rag rag
COPY storage storage
COPY handlers handlers
COPY parts parts
COPY bootstrap.py ./
COPY commands commands
COPY knowledge_base knowledge_base
# The classifier is trained on vectors of the arithmetic with which servers will embed.
ARG EMBEDDING_PRECISION=int8
RUN EMBEDDING_PRECISION="$EMBEDDING_PRECISION" python -m commands.setup_models /models

FROM base AS server
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mailwright
COPY --from=libraries /opt/venv /opt/venv
COPY --from=models /models var/models
COPY . .
# Nothing that runs may write here: root owns it all, and the bytecode is made now.
RUN python -m compileall -q .
# A user who can write nowhere, by number, so that a cluster can see that it is not root.
USER 10001:10001
# Several processes share the cores: one thread for each numeric library.
ENV OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["python", "deploy/check_web.py"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:create_app()"]
