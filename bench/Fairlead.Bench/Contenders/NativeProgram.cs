using System.ComponentModel;
using System.Diagnostics;

namespace Fairlead.Bench.Contenders;

/// <summary>A program in C, built with the system's compiler once for each run of the benchmark, and removed at its end.</summary>
/// <param name="folder">Its sources: all of this folder below bench/native, or in that itself.</param>
/// <param name="libraries">The libraries to link with.</param>
internal sealed class NativeProgram(string folder, params string[] libraries)
{
    private readonly Lazy<(string Path, string? Errors)> _built = new(() => Build(folder, libraries));

    /// <summary>The compiler's error, or that there is no compiler; null if the program is built.</summary>
    public string? Missing => _built.Value.Errors;

    public string Path => _built.Value.Path;

    private static (string Path, string? Errors) Build(string folder, string[] libraries)
    {
        string directory = Directory.CreateTempSubdirectory("fairlead-bench-native-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        string path = System.IO.Path.Combine(directory, "worker");
        string source = System.IO.Path.Combine(AppContext.BaseDirectory, "native", folder);
        try
        {
            using var compiler = Process.Start(
                new ProcessStartInfo("cc", ["-O2", "-std=gnu11", "-o", path, .. Directory.GetFiles(source, "*.c"), .. libraries])
                {
                    RedirectStandardError = true,
                })!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            return (path, compiler.ExitCode == 0 ? null : $"cc fails: {errors.Split('\n')[0]}");
        }
        catch (Win32Exception)
        {
            return (path, "there is no C compiler (cc) here");
        }
    }
}
