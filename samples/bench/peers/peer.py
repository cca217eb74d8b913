"""The peers that CLMat is measured beside: PyTorch, NumPy, scikit-learn, faiss, gensim and tomotopy, one process that does a
case when it is asked.

Reads lines of a case and what it needs, with tabs between, and answers each with one JSON object
{"seconds": s, "work": w, "name": n}: w units of work were done in s seconds. So runs of CLMat and of the peer can take turns.
A first run of each case warms up and is not told, but of those that train from the start.

peer.py THREADS [cuda]: with "cuda", PyTorch's cases run on the GPU, with products in whole floats (no TF32).
"""
import json, os, sys, time

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):    # these are for older builds of OpenBLAS than NumPy's
    os.environ.pop(name, None)
THREADS = int(sys.argv[1])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(THREADS)

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(THREADS)
TORCH = "PyTorch " + torch.__version__
CUDA = sys.argv[2:] == ["cuda"]
if CUDA:
    torch.set_default_device("cuda")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    TORCH += " on " + torch.cuda.get_device_name() + ", without TF32"


class LeNet(nn.Module):
    """The network of Models/Networks/LeNet.swift."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 50, 5)
        self.dense1, self.dense2, self.output = nn.Linear(800, 500), nn.Linear(500, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x), 2)
        x = F.max_pool2d(self.conv2(x), 2)
        return self.output(F.relu(self.dense2(F.relu(self.dense1(x.flatten(1))))))


def lenet_training(batch=100, steps=200):
    torch.manual_seed(1)
    network = LeNet().to(memory_format=torch.channels_last)      # the layout in which PyTorch is fastest here
    optimiser = torch.optim.RMSprop(network.parameters(), lr=1e-4, momentum=0.9, foreach=True)
    images, labels = torch.rand(6000, 1, 28, 28), torch.randint(0, 10, (6000,))
    order = torch.randperm(6000)

    def run():
        for step in range(steps):
            chosen = order[step * batch % 6000:][:batch]
            optimiser.zero_grad()
            loss = F.cross_entropy(network(images[chosen]), labels[chosen])
            loss.backward()
            optimiser.step()
            loss.item()
        return steps * batch

    return run, TORCH + ", channels last"


def lenet_prediction(batch=1000):
    torch.manual_seed(1)
    network = LeNet().to(memory_format=torch.channels_last).eval()
    images = torch.rand(10 * batch, 1, 28, 28)

    def run():
        with torch.no_grad():
            for start in range(0, len(images), batch):
                network(images[start:start + batch])
        return len(images)

    return run, TORCH + ", channels last"


def cifar_basic():
    """The network of Models/Networks/Architectures/Basic.swift."""
    layers = []
    for before, filters in (3, 32), (32, 32), (32, 64):
        layers += [nn.Conv2d(before, filters, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 64), nn.ReLU(), nn.Linear(64, 10))


def vgg16():
    """The network of Models/Networks/Architectures/VGG.swift."""
    layers, before = [], 3
    for block in (64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3:
        for filters in block:
            layers += [nn.Conv2d(before, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU()]
            before = filters
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def colour_training(make, batch, steps, layout):
    """RMSProp on made-up images, which are standardised by channel at each step as CLMat does it."""
    torch.manual_seed(1)
    network = make().to(memory_format=layout)
    optimiser = torch.optim.RMSprop(network.parameters(), lr=1e-4, momentum=0.9, foreach=True)
    images, labels = torch.rand(2000, 3, 32, 32), torch.randint(0, 10, (2000,))
    mean, deviation = images.mean((0, 2, 3), keepdim=True), images.std((0, 2, 3), keepdim=True)
    order = torch.randperm(2000)

    def run():
        for step in range(steps):
            chosen = order[step * batch % (2000 - batch):][:batch]
            optimiser.zero_grad()
            x = ((images[chosen] - mean) / deviation).contiguous(memory_format=layout)
            loss = F.cross_entropy(network(x), labels[chosen])
            loss.backward()
            optimiser.step()
            loss.item()
        return steps * batch

    return run


def fastest_training(make, batch, steps):
    """In the layout in which PyTorch is faster on this machine."""
    runs = {}
    for name, layout in ("channels first", torch.contiguous_format), ("channels last", torch.channels_last):
        run = colour_training(make, batch, steps, layout)
        run()
        start = time.perf_counter()
        run()
        runs[name] = (time.perf_counter() - start, run)
    name = min(runs, key=lambda name: runs[name][0])
    return runs[name][1], TORCH + ", " + name


def ldam(columns=10, chains=8, steps=200):
    torch.manual_seed(1)
    network = LeNet().to(memory_format=torch.channels_last)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    target = torch.arange(columns).repeat(chains)[:, None]
    x = 0.1 * torch.randn(columns * chains, 1, 28, 28)
    state = {"x": x, "v": torch.zeros_like(x), "square": torch.zeros(len(x), 1, 1, 1), "mean": x.clone()}

    def run():
        for _ in range(steps):
            x = state["x"].detach().requires_grad_(True)
            network(x).gather(1, target).sum().backward()
            with torch.no_grad():
                g = x.grad
                state["square"].mul_(0.9).add_(g.square().mean((1, 2, 3), keepdim=True), alpha=0.1)
                u = g / (state["square"] + 1e-8).sqrt() - 0.3 * x + 0.3 * torch.randn_like(x)
                state["v"].mul_(0.9).add_(u, alpha=0.01)
                state["x"] = x + state["v"]
                state["mean"].mul_(0.995).add_(state["x"], alpha=0.005)
        return steps

    return run, TORCH + ", channels last"


def kmeans_scikit_learn(clusters=256, batch=10000, passes=3):
    import sklearn, warnings
    from sklearn.cluster import MiniBatchKMeans
    warnings.filterwarnings("ignore")
    x = torch.rand(60000, 784).numpy()
    model = MiniBatchKMeans(n_clusters=clusters, init=x[:clusters].copy(), n_init=1, batch_size=batch, random_state=1)

    def run():
        for _ in range(passes):
            for start in range(0, len(x), batch):
                model.partial_fit(x[start:start + batch])
        return passes * len(x)

    return run, "scikit-learn " + sklearn.__version__ + ", MiniBatchKMeans"


def kmeans_faiss(clusters=256, passes=10):
    import faiss
    faiss.omp_set_num_threads(THREADS)
    x = torch.rand(60000, 784).numpy()

    def run():
        model = faiss.Kmeans(784, clusters, niter=passes, nredo=1, max_points_per_centroid=10**9,
                             min_points_per_centroid=1, seed=1)
        model.train(x, init_centroids=x[:clusters])
        return passes * len(x)

    return run, "faiss " + faiss.__version__


def kmeans_torch(clusters=256, batch=10000, passes=3):
    """Minibatch K-means by counts, as CLMat has it."""
    x = torch.rand(60000, 784)
    centres, counts = x[:clusters].clone(), torch.zeros(clusters)

    def run():
        for _ in range(passes):
            for start in range(0, len(x), batch):
                b = x[start:start + batch]
                nearest = torch.addmm((centres * centres).sum(1), b, centres.T, alpha=-2).argmin(1)
                sums = torch.zeros_like(centres).index_add_(0, nearest, b)
                n = torch.bincount(nearest, minlength=clusters).float()
                counts.add_(n)
                centres.add_((sums - n[:, None] * centres) / counts.clamp(min=1)[:, None])
        return passes * len(x)

    return run, TORCH + ", own minibatch K-means"


def bag_of_words(path):
    """The documents of a corpus in UCI's format, D x V."""
    import numpy as np
    import scipy.sparse as sparse
    with open(path) as file:
        documents, words, _ = (int(file.readline()) for _ in range(3))
        place = np.loadtxt(file, dtype=np.int32).reshape(-1, 3)
    return sparse.csr_matrix((place[:, 2], (place[:, 0] - 1, place[:, 1] - 1)), shape=(documents, words))


def quietly():
    import logging, warnings
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)


TOPICS, ALPHA, BETA = 32, 0.1, 0.01


def lda_gensim(path, many=False, passes=5):
    """Variational Bayes, eight minibatches a pass; with the step sizes of scikit-learn, as gensim's own lose words for good.
    Many: by workers, each with what the others had learned one or two minibatches before."""
    import gensim
    import numpy as np
    from gensim.models import LdaModel, LdaMulticore
    from threadpoolctl import threadpool_limits
    quietly()
    x = bag_of_words(path)
    documents = [list(zip(x.indices[a:b].tolist(), x.data[a:b].tolist())) for a, b in zip(x.indptr, x.indptr[1:])]
    settings = dict(num_topics=TOPICS, id2word={word: str(word) for word in range(x.shape[1])}, eval_every=None,
                    chunksize=(len(documents) + 7) // 8, alpha=np.full(TOPICS, ALPHA, np.float32), eta=BETA, decay=0.7,
                    offset=10.0, random_state=1)
    model = LdaMulticore(workers=THREADS, **settings) if many else LdaModel(**settings)

    def run():
        with threadpool_limits(1 if many else THREADS):  # each worker has one core
            model.update(documents)
        return int(x.sum())

    for _ in range(passes):
        run()
    return run, "gensim " + gensim.__version__ + (f", LdaMulticore, {THREADS} workers" if many else ", LdaModel")


def lda_scikit_learn(path, passes=5):
    import numpy as np
    import sklearn
    from sklearn.decomposition import LatentDirichletAllocation
    quietly()
    x = bag_of_words(path).astype(np.float64)
    model = LatentDirichletAllocation(
        n_components=TOPICS, doc_topic_prior=ALPHA, topic_word_prior=BETA, learning_method="online",
        batch_size=(x.shape[0] + 7) // 8, total_samples=x.shape[0], n_jobs=THREADS, random_state=1)
    for _ in range(passes):
        model.partial_fit(x)

    def run():
        model.partial_fit(x)
        return int(x.sum())

    return run, "scikit-learn " + sklearn.__version__ + f", online, {THREADS} jobs"


def tomotopy_model(x, topics, seed):
    import numpy as np
    import tomotopy
    quietly()                                    # it warns that threads make runs differ
    model = tomotopy.LDAModel(k=topics, alpha=ALPHA, eta=BETA, seed=seed)
    for a, b in zip(x.indptr, x.indptr[1:]):
        if a < b:
            model.add_doc([str(word) for word in np.repeat(x.indices[a:b], x.data[a:b])])
    model.train(0, workers=THREADS)
    return model, "tomotopy " + tomotopy.__version__ + f", {THREADS} workers"


def lda_tomotopy(path, sweeps=20):
    """Collapsed Gibbs sampling, with alpha from the data every ten sweeps, which is its default."""
    x = bag_of_words(path)
    model, name = tomotopy_model(x, TOPICS, seed=1)

    def run():
        model.train(sweeps, workers=THREADS)
        return sweeps * int(x.sum())

    return run, name


def lda_tomotopy_topics(path, topics, sweeps, seed, result):
    """Trains from the start, and writes the topics to the file `result`: V x K float32, the topics of a word side by side."""
    import numpy as np
    x = bag_of_words(path)
    topics, sweeps = int(topics), int(sweeps)
    model, name = tomotopy_model(x, topics, int(seed))

    def run():
        model.train(sweeps, workers=THREADS)
        return sweeps * int(x.sum())

    def write():
        known = np.array([int(word) for word in model.used_vocabs])
        phi = np.zeros((x.shape[1], topics), np.float32)
        phi[known] = np.stack([model.get_topic_word_dist(topic) for topic in range(topics)], axis=1)
        unseen = np.setdiff1d(np.arange(x.shape[1]), known)          # what the prior alone gives
        phi[unseen] = phi[known].min(0)
        phi.tofile(result)

    return run, name, write


class Language(nn.Module):
    """The model of Models/Language: two layers of LSTM, and as many columns of the embeddings as there are units."""

    def __init__(self, vocabulary, units=200):
        super().__init__()
        self.input = nn.Embedding(vocabulary, units)
        self.layers = nn.LSTM(units, units, 2)
        self.output = nn.Linear(units, vocabulary)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.1, 0.1)

    def forward(self, words, state):
        x, state = self.layers(self.input(words), state)
        return self.output(x), state


def word_columns(path, batch):
    """A file of V and a text's ids, as (steps, batch) columns."""
    import numpy as np
    numbers = np.fromfile(path, dtype=np.int32)
    length = (len(numbers) - 2) // batch
    text = torch.tensor(numbers[1:], dtype=torch.long, device="cuda" if CUDA else "cpu")
    return int(numbers[0]), text, length


def lm_training(path, batch, windows, steps=20):
    """Windows in their order, with the state carried on; the loss is read at every step, as CLMat does."""
    torch.manual_seed(1)
    batch, windows = int(batch), int(windows)
    vocabulary, text, length = word_columns(path, batch)
    columns = text[:batch * length].view(batch, length).t().contiguous()
    targets = text[1:batch * length + 1].view(batch, length).t().contiguous()
    model = Language(vocabulary)
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    place = {"start": 0, "state": None}

    def run():
        for _ in range(windows):
            start, state = place["start"], place["state"]
            if start + steps > length:
                start, state = 0, None
            if state is not None:
                state = tuple(part.detach() for part in state)
            optimiser.zero_grad()
            logits, state = model(columns[start:start + steps], state)
            wanted = targets[start:start + steps].reshape(-1)
            loss = F.cross_entropy(logits.view(-1, vocabulary), wanted, reduction="sum") / batch
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            loss.item()
            place["start"], place["state"] = start + steps, state
        return windows * steps * batch

    return run, TORCH


def lm_score(path, batch, steps, windows):
    torch.manual_seed(1)
    batch, steps, windows = int(batch), int(steps), int(windows)
    vocabulary, text, _ = word_columns(path, batch)
    length = min(steps * windows, (len(text) - 1) // batch)
    columns = text[:batch * length].view(batch, length).t().contiguous()
    targets = text[1:batch * length + 1].view(batch, length).t().contiguous()
    model = Language(vocabulary).eval()

    def run():
        state, total = None, 0.0
        with torch.inference_mode():
            for start in range(0, length, steps):
                logits, state = model(columns[start:start + steps], state)
                wanted = targets[start:start + steps].reshape(-1)
                total += F.cross_entropy(logits.view(-1, vocabulary), wanted, reduction="sum").item()
        return length * batch

    return run, TORCH


def lm_memory(path, batch, windows):
    """The work is the most memory that this process has had, in MiB: ask a new process."""
    learn, name = lm_training(path, batch, windows)

    def run():
        learn()
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024

    return run, name


class Clicks(nn.Module):
    """The network of Models/Click: rows of a dense embedding summed up, and layers with sigmoids."""

    def __init__(self, features, width=200):
        super().__init__()
        self.embedding = nn.EmbeddingBag(features, width, mode="sum", sparse=True)
        self.layers = nn.Sequential(
            nn.Sigmoid(), nn.Linear(width, 120), nn.Sigmoid(), nn.Linear(120, 80), nn.Sigmoid(), nn.Linear(80, 50),
            nn.Sigmoid(), nn.Linear(50, 1))

    def forward(self, ids):
        return self.layers(self.embedding(ids))[:, 0]


def ctr_training(path, batch):
    """A pass over records in memory by Adagrad, with sparse gradients of the embedding; the loss is read at every step."""
    import numpy as np
    torch.manual_seed(1)
    batch = int(batch)
    numbers = np.fromfile(path, dtype=np.int32)
    features, count, fields = (int(number) for number in numbers[:3])
    device = "cuda" if CUDA else "cpu"
    labels = torch.tensor(numbers[3:3 + count], dtype=torch.float32, device=device)
    ids = torch.tensor(numbers[3 + count:], dtype=torch.long, device=device).view(count, fields)
    model = Clicks(features).to(device)
    optimiser = torch.optim.Adagrad(model.parameters(), lr=0.05)

    def run():
        for start in range(0, count, batch):
            optimiser.zero_grad()
            logits = model(ids[start:start + batch])
            loss = F.binary_cross_entropy_with_logits(logits, labels[start:start + batch])
            loss.backward()
            optimiser.step()
            loss.item()
        return count

    return run, TORCH


def product(m, k, n, repeats):
    a, b = torch.rand(m, k), torch.rand(k, n)
    c = torch.empty(m, n)

    def run():
        for _ in range(repeats):
            torch.mm(a, b, out=c)
        return 2e-9 * m * k * n * repeats

    return run, TORCH


def elementwise(function, rows=8000, columns=10000):
    x = torch.randn(rows, columns)
    y = torch.empty_like(x)

    def run():
        function(x, y)
        return 8e-9 * rows * columns            # GB read and written

    return run, TORCH


def cross_entropy(rows=500, columns=100000):
    x = torch.randn(rows, columns).requires_grad_(True)
    labels = torch.arange(rows) * 197 % columns

    def run():
        x.grad = None
        F.cross_entropy(x, labels).backward()
        return 8e-9 * rows * columns

    return run, TORCH


def segment_sums(columns, rows=1_000_000, segments=100_000):
    """Rows added up by segments that are as frequent as words are (Zipf's law)."""
    x = torch.randn(rows, columns)
    indices = ((segments + 1) ** torch.rand(rows, dtype=torch.float64)).long().sub_(1).clamp_(0, segments - 1)

    def run():
        torch.zeros(segments, columns).index_add_(0, indices, x)
        return 1e-6 * rows

    return run, TORCH + ", zeros.index_add_"


CASES = {
    "lenet-training": lenet_training,
    "lenet-prediction": lenet_prediction,
    "cifar-training": lambda: fastest_training(cifar_basic, batch=100, steps=50),
    "vgg-training": lambda: fastest_training(vgg16, batch=64, steps=3),
    "ldam": ldam,
    "kmeans-scikit-learn": kmeans_scikit_learn,
    "kmeans-faiss": kmeans_faiss,
    "kmeans-torch": kmeans_torch,
    "lda-gensim": lda_gensim,
    "lda-gensim-multicore": lambda path: lda_gensim(path, many=True),
    "lda-scikit-learn": lda_scikit_learn,
    "lda-tomotopy": lda_tomotopy,
    "lda-tomotopy-topics": lda_tomotopy_topics,
    "lm-training": lm_training,
    "lm-score": lm_score,
    "lm-memory": lm_memory,
    "ctr-training": ctr_training,
    "sgemm-256": lambda: product(256, 256, 256, 200),
    "sgemm-1024": lambda: product(1024, 1024, 1024, 10),
    "sgemm-4096": lambda: product(4096, 4096, 4096, 1),
    "sgemm-400x200x10000": lambda: product(400, 200, 10000, 10),
    "exp": lambda: elementwise(lambda x, y: torch.exp(x, out=y)),
    "tanh": lambda: elementwise(lambda x, y: torch.tanh(x, out=y)),
    "softmax-rows": lambda: elementwise(lambda x, y: torch.softmax(x, 1, out=y)),
    "softmax-long": lambda: elementwise(lambda x, y: torch.softmax(x, 1, out=y), 500, 100000),
    "log-softmax-long": lambda: elementwise(lambda x, y: torch.log_softmax(x, 1, out=y), 500, 100000),
    "cross-entropy-long": cross_entropy,
    "segment-sums-64": lambda: segment_sums(64),
    "segment-sums-256": lambda: segment_sums(256),
}


def wait():
    if CUDA:
        torch.cuda.synchronize()


current = None
for line in sys.stdin:
    case, *needs = line.rstrip("\n").split("\t")
    if case not in CASES:
        print(json.dumps({"error": f"no case {case}"}), flush=True)
        continue
    if current is None or current[0] != line:
        current = None                           # the memory of the last case goes first
        run, name, *finish = CASES[case](*needs)
        if not finish:
            run()
            wait()
        current = (line, run, name, finish)
    _, run, name, finish = current
    start = time.perf_counter()
    work = run()
    wait()
    seconds = time.perf_counter() - start
    for act in finish:
        act()
        current = None                           # asked for again, it starts anew
    print(json.dumps({"seconds": seconds, "work": work, "name": name}), flush=True)
