namespace Fairlead.Tests;

/// <summary>A directory of one test's own, mode 0700, removed with everything in it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("fairlead-test-").FullName;

    public string this[string name] => $"{Path}/{name}";

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
