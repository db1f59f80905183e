using System.Diagnostics.Tracing;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairlead.Hosting;

/// <summary>Writes the events of the library to the log of the host, under the category <c>Fairlead</c>.</summary>
/// <remarks>
/// The numbers and names of the events stay. Begins with the host and ends with it; the levels that the log takes when the host starts
/// decide which events are made at all. Any thread raises events.
/// </remarks>
internal sealed class EventLog(ILoggerFactory? loggers = null) : IHostedService, IDisposable
{
    public const string Category = "Fairlead";

    private readonly ILogger _logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger(Category);
    private Listener? _listener;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener = Listener.For(_logger);
        return Task.CompletedTask;
    }

    /// <summary>Goes on to the end of the host: endpoints that close have events, too.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _listener?.Dispose();

    private static LogLevel LevelOf(EventLevel level) => level switch
    {
        EventLevel.Critical => LogLevel.Critical,
        EventLevel.Error => LogLevel.Error,
        EventLevel.Warning => LogLevel.Warning,
        EventLevel.Verbose => LogLevel.Debug,
        _ => LogLevel.Information,
    };

    private sealed class Listener : EventListener
    {
        // The base class reports the sources that exist before these are set, and later ones by themselves.
        private EventLevel _level;
        private volatile ILogger? _logger;

        /// <summary>Returns a listener; null if the log takes nothing.</summary>
        public static Listener? For(ILogger logger)
        {
            EventLevel? level = logger.IsEnabled(LogLevel.Debug) ? EventLevel.Verbose
                : logger.IsEnabled(LogLevel.Information) ? EventLevel.Informational
                : logger.IsEnabled(LogLevel.Warning) ? EventLevel.Warning
                : logger.IsEnabled(LogLevel.Error) ? EventLevel.Error
                : null;
            if (level is null)
            {
                return null;
            }

            Listener listener = new() { _level = level.Value, _logger = logger };
            foreach (EventSource source in EventSource.GetSources().Where(static source => source.Name == Category))
            {
                listener.EnableEvents(source, level.Value);
            }

            return listener;
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (_logger is not null && eventSource.Name == Category)
            {
                EnableEvents(eventSource, _level);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (_logger is not { } logger || eventData.EventSource.Name != Category)
            {
                return;
            }

            LogLevel level = LevelOf(eventData.Level);
            if (logger.IsEnabled(level))
            {
                string text = eventData.Message is { } format
                    ? string.Format(CultureInfo.InvariantCulture, format, [.. eventData.Payload ?? []])
                    : eventData.EventName ?? "";
                HostLog.Event(logger, level, new EventId(eventData.EventId, eventData.EventName), text);
            }
        }
    }
}
