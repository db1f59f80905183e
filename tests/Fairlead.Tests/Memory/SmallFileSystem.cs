using System.Diagnostics;

namespace Fairlead.Tests.Memory;

/// <summary>A tmpfs of 1 MiB below a temporary directory, unmounted at the end.</summary>
internal sealed class SmallFileSystem : IDisposable
{
    public const long Size = 1 << 20;

    private readonly TemporaryDirectory _directory = new();

    public SmallFileSystem()
    {
        Path = Directory.CreateDirectory(_directory["small"]).FullName;
        Run("mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "fairlead-test", Path);
    }

    public string Path { get; }

    /// <summary>Fills it with a file, and returns the path of that file.</summary>
    public string Fill()
    {
        string path = $"{Path}/ballast";
        using FileStream file = File.Create(path);
        try
        {
            while (true)
            {
                file.Write(new byte[4096]);
                file.Flush();
            }
        }
        catch (IOException)
        {
            return path;
        }
    }

    public void Dispose()
    {
        Run("umount", "-l", Path);
        _directory.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
