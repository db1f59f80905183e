using Fairlead.Native.Waiting;

namespace Fairlead.Tests;

/// <summary>Simulates a system that gives the calling thread no more threads, until this is disposed.</summary>
internal sealed class NoThreads : IDisposable
{
    private readonly Thread _thread = Thread.CurrentThread;

    public NoThreads() => BackgroundThread.IsDenied = true;

    /// <summary>Asserts that the action fails because no thread can be created.</summary>
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
