using System.Diagnostics;

namespace Fairlead.Tests;

/// <summary>A private directory of one test, mode 0700, removed with its contents.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("fairlead-test-").FullName;

    public string this[string name] => $"{Path}/{name}";

    /// <summary>Changes a file's owner to another user, which needs root.</summary>
    public void GiveAway(string name)
    {
        using var chown = Process.Start("chown", ["65534", this[name]]);
        chown.WaitForExit();
        Assert.Equal(0, chown.ExitCode);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
