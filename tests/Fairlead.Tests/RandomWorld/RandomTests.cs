using System.Diagnostics;
using System.Globalization;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.RandomWorld;

/// <summary>
/// Endpoints of all patterns on all transports, opened, used, stopped, killed and closed at random, for FAIRLEAD_RANDOM_SECONDS (60). The seed stands in the output, and FAIRLEAD_RANDOM_SEED
/// repeats its choices, though not the moments at which threads meet; FAIRLEAD_RANDOM_ONLY plays those scenes alone whose names hold it ("Work", "on tcp"). What must hold: nothing is lost silently or doubled, order, true reports, every call ends, names are free.
/// </summary>
public sealed class RandomTests(ITestOutputHelper output)
{
    private const int AtOnce = 4;

    private static readonly TransportUnderTest[] Transports =
        [new InprocUnderTest(), new SharedMemoryUnderTest(), new UnixNameUnderTest(), new UnixPathUnderTest(), new UnixAbstractUnderTest(), new UnixPacketUnderTest(), new FixedPortUnderTest(), new FixedReliableUdpUnderTest("&heartbeat=500ms")];

    private static readonly Func<Random, TransportUnderTest, Scene>[] Scenes =
    [
        static (random, transport) => new MessageScene(random, transport),
        static (random, transport) => new DeliveryScene(random, transport),
        static (random, transport) => new RequestScene(random, transport),
        static (random, transport) => new PublishScene(random, transport),
        static (random, transport) => new HubScene(random, transport),
        static (random, transport) => new WorkScene(random, transport),
        static (random, transport) => new PairScene(random, transport),
    ];

    /// <summary>Ends a hang; nothing else depends on how long anything takes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Whatever_happens_what_was_promised_holds()
    {
        TimeSpan time = Number("FAIRLEAD_RANDOM_SECONDS", 60).Seconds();
        int seed = Number("FAIRLEAD_RANDOM_SEED", Random.Shared.Next());
        string only = Environment.GetEnvironmentVariable("FAIRLEAD_RANDOM_ONLY") ?? "";
        output.WriteLine($"seed {seed} (repeat it with FAIRLEAD_RANDOM_SEED={seed})");
        Random[] chances = [.. Enumerable.Range(0, AtOnce).Select(i => new Random(unchecked(seed + (i * 7919))))];
        Stopwatch watch = Stopwatch.StartNew();
        int[] played = await Task.WhenAll(chances.Select(async chance =>
        {
            int count = 0;
            for (; watch.Elapsed < time; count++)
            {
                using Scene scene = Scenes[chance.Next(Scenes.Length)](new Random(chance.Next()), Transports[chance.Next(Transports.Length)]);
                if (scene.Name.Contains(only, StringComparison.Ordinal))
                {
                    await PlayAsync(scene);
                }
            }

            return count;
        }));
        output.WriteLine($"{played.Sum()} scenes");
    }

    private static async Task PlayAsync(Scene scene)
    {
        Task playing = Task.Run(scene.PlayAsync);
        if (await Task.WhenAny(playing, Task.Delay(Patience, TimeProvider.System)) != playing)
        {
            string state = string.Join('\n', scene.Endpoints.Keys.Select(StateDump.Of));
            scene.Abort();
            Assert.Fail($"{scene.Name} hung. State:\n{state}");
        }

        try
        {
            await playing;
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{scene.Name}: {exception.Message}", exception);
        }
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
