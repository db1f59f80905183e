using System.Diagnostics;
using System.Globalization;
using Fairlead.Conformance.Faults;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Faults;

/// <summary>
/// The kernel has no memory for the first system call of a process, for the second, and so on. Whatever that does to a play of two ends, it
/// ends, both close, nothing is left in them, and the next play at the same place goes as if nothing had been. In a process of its own,
/// since it is the whole process that is hit. One call in five, beginning anywhere; all with FAIRLEAD_EVERY_FAULT=1.
/// </summary>
public abstract class SystemCallFaultTests(ITestOutputHelper output, string scheme) : WatchedTest(output)
{
    private const int Step = 5;

    // One for the process: the first test builds it.
    private static readonly Lazy<string?> Library = new(Build);

    public static TheoryData<string> Plays => [.. FaultPlays.Names];

    [Theory]
    [MemberData(nameof(Plays))]
    public async Task Whatever_system_call_fails_all_ends_and_the_name_is_free(string play)
    {
        Skip(Library.Value is null, "There is no C compiler (cc).");
        int step = Environment.GetEnvironmentVariable("FAIRLEAD_EVERY_FAULT") is { Length: > 0 } ? 1 : Step;
        int first = 1 + NewRandom().Next(step);

        // Under the JIT compiler: what is compiled ahead has its imports bound.
        await using PeerProcess peer = PeerProcess.StartNumber(
            1,
            "faults",
            Library.Value!,
            play,
            TransportsUnderTest.Of(scheme).NewPlace().ToString(),
            first.ToString(CultureInfo.InvariantCulture),
            step.ToString(CultureInfo.InvariantCulture));
        Task<string> errors = peer.ErrorsAsync();
        string? answer = await peer.TryReadLineAsync();
        Output.WriteLine(await errors);
        Output.WriteLine(answer ?? "It ended.");
        Assert.StartsWith("ok ", answer, StringComparison.Ordinal);
        Assert.Equal(0, await peer.ExitAsync());
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

/// <summary>Of what two ends of one process need.</summary>
public sealed class InprocSystemCallFaultTests(ITestOutputHelper output) : SystemCallFaultTests(output, "inproc");

/// <summary>Of sockets.</summary>
public sealed class UnixSystemCallFaultTests(ITestOutputHelper output) : SystemCallFaultTests(output, "unix");

/// <summary>Of shared memory.</summary>
public sealed class SharedMemorySystemCallFaultTests(ITestOutputHelper output) : SystemCallFaultTests(output, "shm");
