using System.Diagnostics;
using System.Globalization;
using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.RandomWorld;

/// <summary>
/// Endpoints of all patterns on all transports, opened, used, stopped, killed and closed at random: each pattern on each transport once,
/// and then more until FAIRLEAD_RANDOM_SECONDS (10) have passed. The output contains the seed, and FAIRLEAD_RANDOM_SEED repeats its
/// choices, though not the timing of threads. FAIRLEAD_RANDOM_ONLY plays only scenes whose names contain it ("Work", "on tcp"). Invariants:
/// nothing is lost silently or duplicated, messages keep their order, reports are true, every call ends, names are free, and messages do
/// arrive.
/// </summary>
[FullRun(Reason.Repeats)]
public sealed class RandomTests(ITestOutputHelper output)
{
    private const int AtOnce = 4;

    private static readonly TransportUnderTest[] Transports =
    [
        new InprocUnderTest(),
        new SharedMemoryUnderTest(),
        new UnixNameUnderTest(),
        new UnixPathUnderTest(),
        new UnixAbstractUnderTest(),
        new UnixPacketUnderTest(),
        new FixedPortUnderTest(),
        new FixedReliableUdpUnderTest("&heartbeat=500ms"),
    ];

    private static readonly Dictionary<string, Func<Random, TransportUnderTest, Scene>> Scenes = new()
    {
        [nameof(MessageScene)] = static (random, transport) => new MessageScene(random, transport),
        [nameof(DeliveryScene)] = static (random, transport) => new DeliveryScene(random, transport),
        [nameof(RequestScene)] = static (random, transport) => new RequestScene(random, transport),
        [nameof(PublishScene)] = static (random, transport) => new PublishScene(random, transport),
        [nameof(HubScene)] = static (random, transport) => new HubScene(random, transport),
        [nameof(WorkScene)] = static (random, transport) => new WorkScene(random, transport),
        [nameof(PairScene)] = static (random, transport) => new PairScene(random, transport),
    };

    /// <summary>Ends a hang; nothing else depends on durations.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Random_scenes_keep_every_promise()
    {
        TimeSpan time = Number("FAIRLEAD_RANDOM_SECONDS", 10).Seconds();
        int seed = Number("FAIRLEAD_RANDOM_SEED", Random.Shared.Next());
        output.WriteLine($"seed {seed} (repeat it with FAIRLEAD_RANDOM_SEED={seed})");
        (string Scene, TransportUnderTest Transport)[] meant = Meant(Environment.GetEnvironmentVariable("FAIRLEAD_RANDOM_ONLY") ?? "");
        new Random(seed).Shuffle(meant);

        // Each player has its share of the scenes, and only the seed determines their order.
        Stopwatch watch = Stopwatch.StartNew();
        var played = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async player =>
        {
            Random chance = new(unchecked(seed + (player * 7919)));
            Queue<(string Scene, TransportUnderTest Transport)> share = new(meant.Where((_, index) => index % AtOnce == player));
            List<(string Scene, TransportUnderTest Transport, int Heard)> done = [];
            while (share.Count > 0 || watch.Elapsed < time)
            {
                (string name, TransportUnderTest transport) = share.TryDequeue(out var first) ? first : meant[chance.Next(meant.Length)];
                using Scene scene = Scenes[name](new Random(chance.Next()), transport);
                await PlayAsync(scene);
                done.Add((name, transport, scene.Heard));
            }

            return done;
        }));
        Report(meant, [.. played.SelectMany(static done => done)]);
    }

    [Fact]
    public void A_filter_that_matches_no_scene_is_an_error() => Assert.Throws<ArgumentException>(() => Meant("Wrok"));

    /// <summary>Returns the scenes, each on each transport, whose names contain this text.</summary>
    private static (string Scene, TransportUnderTest Transport)[] Meant(string only)
    {
        (string Scene, TransportUnderTest Transport)[] meant =
        [
            .. from scene in Scenes.Keys
               from transport in Transports
               where Scene.NameOf(scene, transport).Contains(only, StringComparison.Ordinal)
               select (scene, transport),
        ];
        return meant.Length > 0
            ? meant
            : throw new ArgumentException(
                $"FAIRLEAD_RANDOM_ONLY: no scene has \"{only}\" in its name, such as {Scene.NameOf(Scenes.Keys.First(), Transports[0])}.");
    }

    /// <summary>Checks that each was played. A single scene may end before a message arrives, but not all of a kind.</summary>
    private void Report(
        (string Scene, TransportUnderTest Transport)[] meant, (string Scene, TransportUnderTest Transport, int Heard)[] played)
    {
        output.WriteLine($"{played.Length} scenes, {played.Sum(static one => (long)one.Heard)} messages");
        Assert.Empty(meant.Except(played.Select(static one => (one.Scene, one.Transport))));
        foreach (var kind in played.GroupBy(static one => one.Scene).Concat(played.GroupBy(static one => one.Transport.Name)))
        {
            output.WriteLine($"{kind.Key}: {kind.Count()} scenes, {kind.Sum(static one => (long)one.Heard)} messages");
            Assert.True(
                kind.Count() < Scenes.Count || kind.Any(static one => one.Heard > 0),
                $"{kind.Count()} scenes of {kind.Key}, in which no message arrived.");
        }
    }

    private static async Task PlayAsync(Scene scene)
    {
        Task playing = Task.Run(scene.PlayAsync);
        try
        {
            await playing.WaitAsync(Patience);
        }
        catch (TimeoutException) when (!playing.IsCompleted)
        {
            string state = string.Join('\n', scene.Endpoints.Keys.Select(StateDump.Of));
            scene.Abort();
            Assert.Fail($"{scene.Name} hung. State:\n{state}");
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{scene.Name}: {exception.Message}", exception);
        }
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
