"""The peers that CLMat is measured beside: PyTorch, NumPy, scikit-learn and faiss, one process that does a case when it is asked.

Reads lines "CASE THREADS" and answers each with one JSON object {"seconds": s, "work": w, "name": n}: w units of work were
done in s seconds. So runs of CLMat and of the peer can take turns. A first run of each case warms up and is not told.
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


CASES = {
    "lenet-training": lenet_training,
    "lenet-prediction": lenet_prediction,
    "ldam": ldam,
    "kmeans-scikit-learn": kmeans_scikit_learn,
    "kmeans-faiss": kmeans_faiss,
    "sgemm-256": lambda: product(256, 256, 256, 200),
    "sgemm-1024": lambda: product(1024, 1024, 1024, 10),
    "sgemm-4096": lambda: product(4096, 4096, 4096, 1),
    "sgemm-400x200x10000": lambda: product(400, 200, 10000, 10),
    "exp": lambda: elementwise(lambda x, y: torch.exp(x, out=y)),
    "tanh": lambda: elementwise(lambda x, y: torch.tanh(x, out=y)),
    "softmax-rows": lambda: elementwise(lambda x, y: torch.softmax(x, 1, out=y)),
}

current = None
for line in sys.stdin:
    case = line.strip()
    if case not in CASES:
        print(json.dumps({"error": f"no case {case}"}), flush=True)
        continue
    if current is None or current[0] != case:
        current = None                           # the memory of the last case goes first
        run, name = CASES[case]()
        run()
        current = (case, run, name)
    start = time.perf_counter()
    work = current[1]()
    print(json.dumps({"seconds": time.perf_counter() - start, "work": work, "name": current[2]}), flush=True)
