using Fairlead.Native;

namespace Fairlead.Tests;

/// <summary>As if the system gave the calling thread no more threads, until this is disposed.</summary>
internal sealed class NoThreads : IDisposable
{
    private readonly Thread _thread = Thread.CurrentThread;

    public NoThreads() => BackgroundThread.IsDenied = true;

    /// <summary>Asserts that the action is refused for the lack of a thread.</summary>
    public static void AssertRefused(Action action)
    {
        using NoThreads none = new();
        Assert.Equal(ErrorCode.Unavailable, Assert.Throws<FairleadException>(action).Code);
    }

    public void Dispose()
    {
        Assert.Same(_thread, Thread.CurrentThread);
        BackgroundThread.IsDenied = false;
    }
}
