using System.Threading.Channels;

namespace Fairlead.Hosting.Tests;

/// <summary>What the handlers of a test have seen.</summary>
internal sealed class Seen
{
    private readonly Channel<string> _texts = Channel.CreateUnbounded<string>();
    private int _scopes;
    private int _disposed;

    /// <summary>Lets handlers that wait go on.</summary>
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Scopes => Volatile.Read(ref _scopes);

    public int Disposed => Volatile.Read(ref _disposed);

    public void Add(string text) => Assert.True(_texts.Writer.TryWrite(text));

    public async Task<string> NextAsync()
    {
        using CancellationTokenSource limit = new(Hosts.Limit);
        return await _texts.Reader.ReadAsync(limit.Token);
    }

    /// <summary>A scoped service, of which each message has one.</summary>
    internal sealed class Scope : IAsyncDisposable
    {
        private readonly Seen _seen;

        public Scope(Seen seen)
        {
            _seen = seen;
            Number = Interlocked.Increment(ref seen._scopes);
        }

        public int Number { get; }

        public ValueTask DisposeAsync()
        {
            Interlocked.Increment(ref _seen._disposed);
            return ValueTask.CompletedTask;
        }
    }
}
