using System.Diagnostics;
using System.Runtime.InteropServices;
using Fairlead.Conformance;

namespace Fairlead.Tests.Synchronization;

/// <summary>Second programs at a lock: <c>tests/interop/lock_partner.c</c>, and peers of Fairlead that obey the same lines.</summary>
internal static class LockPartners
{
    /// <summary>The languages that this machine has.</summary>
    public static IEnumerable<string> Languages => ToolFactAttribute.WhyNot("cc") is null ? ["C", "Fairlead"] : ["Fairlead"];

    /// <summary>Starts a partner, and compiles it before if it is the first one in C.</summary>
    /// <param name="folder">A folder of the test, which gets the compiled program.</param>
    /// <param name="language">C or Fairlead.</param>
    /// <param name="arguments">Kind, place and file of the number.</param>
    public static PeerProcess Start(string folder, string language, params string[] arguments) =>
        language == "C"
            ? PeerProcess.StartProgram([Compiled(folder), .. arguments])
            : PeerProcess.Start(["foreign", .. arguments]);

    /// <summary>Returns the sum that partners in both languages reach, which add to one number inside one lock.</summary>
    public static async Task<long> SumAsync(string folder, string kind, string place, int count, int additions)
    {
        string data = Path.Combine(folder, "number");
        await File.WriteAllBytesAsync(data, new byte[sizeof(long)]);
        string[] languages = [.. Languages];
        PeerProcess[] partners =
        [
            .. Enumerable
                .Range(0, count)
                .Select(number => Start(folder, languages[number % languages.Length], kind, place, data)),
        ];
        try
        {
            // All have started, and begin together.
            await Task.WhenAll(partners.Select(static partner => partner.AskAsync("add 0")));
            await Task.WhenAll(partners.Select(partner => partner.AskAsync($"add {additions}")));
            return MemoryMarshal.Read<long>(await File.ReadAllBytesAsync(data));
        }
        finally
        {
            Array.ForEach(partners, static partner => partner.Dispose());
        }
    }

    private static string Compiled(string folder)
    {
        string path = Path.Combine(folder, "lock_partner");
        if (!File.Exists(path))
        {
            string source = SourceTree.At("tests/interop/lock_partner.c");
            using Process compiler = Process.Start("cc", ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-o", path, source]);
            compiler.WaitForExit();
            Assert.Equal(0, compiler.ExitCode);
        }

        return path;
    }
}
