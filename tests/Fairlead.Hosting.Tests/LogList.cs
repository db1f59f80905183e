using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Fairlead.Hosting.Tests;

/// <summary>Keeps what is logged.</summary>
internal sealed class LogList : ILoggerProvider
{
    private readonly ConcurrentQueue<Entry> _entries = new();
    private readonly SemaphoreSlim _more = new(0);

    /// <summary>What the host itself has logged.</summary>
    public IEnumerable<Entry> OfHost => _entries.Where(static entry => entry.Category == "Fairlead.Hosting");

    /// <summary>The events of the library, those of other tests of this process included.</summary>
    public IEnumerable<Entry> OfLibrary => _entries.Where(static entry => entry.Category == "Fairlead");

    /// <summary>Waits until the host has logged such an event.</summary>
    public async Task ForEventAsync(int number)
    {
        using CancellationTokenSource limit = new(Hosts.Limit);
        while (!OfHost.Any(entry => entry.Event == number))
        {
            await _more.WaitAsync(limit.Token);
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    internal sealed record Entry(string Category, int Event, string Text, Exception? Exception);

    private sealed class Logger(LogList list, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            list._entries.Enqueue(new Entry(category, eventId.Id, formatter(state, exception), exception));
            list._more.Release();
        }
    }
}
