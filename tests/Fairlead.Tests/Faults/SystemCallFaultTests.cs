using System.Diagnostics;
using System.Globalization;
using Fairlead.Conformance.Faults;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Faults;

/// <summary>
/// The kernel has no memory for the first system call of a process, for the second, and so on. Whatever that does to a play of two ends, it
/// ends, both close, nothing is left in them, and the next play at the same place runs normally. It runs in a separate process, because the
/// faults hit the whole process. One call in ten fails, with a random start; all with FAIRLEAD_EVERY_FAULT=1.
/// </summary>
public abstract class SystemCallFaultTests(ITestOutputHelper output, FaultyPeer faulty, string scheme)
    : WatchedTest(output), IClassFixture<FaultyPeer>
{
    private const int Step = 10;

    // One per process: the first test builds it.
    private static readonly Lazy<string?> Library = new(Build);

    public static TheoryData<string> ShortPlays => [.. FaultPlays.InDefaultRun];

    public static TheoryData<string> OtherPlays => [.. FaultPlays.Names.Except(FaultPlays.InDefaultRun)];

    [Theory]
    [MemberData(nameof(ShortPlays))]
    public Task Everything_ends_and_the_name_is_free_if_any_system_call_fails(string play) => FailEachAsync(play);

    [FullRun(Reason.OtherPlay)]
    [Theory]
    [MemberData(nameof(OtherPlays))]
    public Task Any_failed_system_call_of_another_play_leaves_the_name_free(string play) => FailEachAsync(play);

    private async Task FailEachAsync(string play)
    {
        Skip(Library.Value is null, "There is no C compiler (cc).");
        TransportUnderTest transport = TransportsUnderTest.Of(scheme);
        Skip(!transport.ServesMany && play is ("hub" or "items"), $"not for {scheme}: it has one peer");
        int step = Environment.GetEnvironmentVariable("FAIRLEAD_EVERY_FAULT") is { Length: > 0 } ? 1 : Step;
        int first = 1 + NewRandom().Next(step);

        PeerProcess peer = faulty.Running(Library.Value!);
        await peer.TellAsync(string.Create(
            CultureInfo.InvariantCulture, $"{first} {step} {transport.NewPlace()} {play}"));
        string? line;
        do
        {
            line = await peer.TryReadLineAsync();
            Output.WriteLine(line ?? $"It ended: {await peer.ErrorsAsync()}");
        }
        while (line?.StartsWith("ok ", StringComparison.Ordinal) == false);
        Assert.NotNull(line);
    }

    private static string? Build()
    {
        string library = Path.Combine(Directory.CreateTempSubdirectory("faults").FullName, "faults.so");
        try
        {
            using Process compiler = Process.Start(
                "cc", ["-shared", "-fPIC", "-O1", "-o", library, SourceTree.At("tests/Fairlead.Tests/Faults/faults.c")]);
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? library : throw new InvalidOperationException($"cc ended with {compiler.ExitCode}.");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}

/// <summary>System calls of two ends in one process.</summary>
[FullRun(Reason.SameSession)]
public sealed class InprocSystemCallFaultTests(ITestOutputHelper output, FaultyPeer faulty)
    : SystemCallFaultTests(output, faulty, "inproc");

/// <summary>System calls of sockets.</summary>
[SlowRun]
public sealed class UnixSystemCallFaultTests(ITestOutputHelper output, FaultyPeer faulty)
    : SystemCallFaultTests(output, faulty, "unix");

/// <summary>System calls of shared memory.</summary>
[FullRun(Reason.SameSession)]
public sealed class SharedMemorySystemCallFaultTests(ITestOutputHelper output, FaultyPeer faulty)
    : SystemCallFaultTests(output, faulty, "shm");

/// <summary>System calls of FIFOs.</summary>
[FullRun(Reason.SameSession)]
public sealed class FifoSystemCallFaultTests(ITestOutputHelper output, FaultyPeer faulty)
    : SystemCallFaultTests(output, faulty, "fifo");

/// <summary>System calls of reliable sessions.</summary>
[FullRun(Reason.SameSession)]
public sealed class ReliableUdpSystemCallFaultTests(ITestOutputHelper output, FaultyPeer faulty)
    : SystemCallFaultTests(output, faulty, "udp");
