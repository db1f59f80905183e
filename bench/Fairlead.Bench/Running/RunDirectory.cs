namespace Fairlead.Bench.Running;

/// <summary>
/// A runtime directory for the processes of one scenario, removed with all its content, even if the program is interrupted.
/// </summary>
internal sealed class RunDirectory : IDisposable
{
    public RunDirectory() => AppDomain.CurrentDomain.ProcessExit += OnExit;

    public string Path { get; } = Directory.CreateTempSubdirectory("fairlead-bench-").FullName;

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        Directory.Delete(Path, recursive: true);
    }

    private void OnExit(object? sender, EventArgs e) => Dispose();
}
