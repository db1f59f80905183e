using System.ComponentModel;
using System.Diagnostics;

namespace Fairlead.Bench.Contenders;

/// <summary>The C program, built once for each run of the benchmark, and removed at its end.</summary>
internal sealed class NativeProgram
{
    private static readonly Lazy<NativeProgram> Built = new(() => new NativeProgram());
    private readonly string _directory = Directory.CreateTempSubdirectory("fairlead-bench-native-").FullName;

    private NativeProgram()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(_directory, recursive: true);
        Path = System.IO.Path.Combine(_directory, "worker");
        string source = System.IO.Path.Combine(AppContext.BaseDirectory, "native");
        var start = new ProcessStartInfo("cc") { RedirectStandardError = true };
        foreach (string argument in (string[])["-O2", "-std=gnu11", "-o", Path, .. Directory.GetFiles(source, "*.c")])
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            using var compiler = Process.Start(start)!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Missing = compiler.ExitCode == 0 ? null : $"cc fails: {errors.Split('\n')[0]}";
        }
        catch (Win32Exception)
        {
            Missing = "there is no C compiler (cc) here";
        }
    }

    public static NativeProgram Instance => Built.Value;

    /// <summary>Why there is none; null where there is.</summary>
    public string? Missing { get; }

    public string Path { get; }
}
