using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Cli.Lab;

/// <summary>The process of a role, seen from inside: it reports events to the director, and waits for cues.</summary>
/// <remarks>Owns its cues. Any thread may report. When stdin ends, the process ends: no process outlives its director.</remarks>
internal sealed class Actor
{
    /// <summary>The fact that every role reports first: the number of the thread that plays it.</summary>
    public const string ThreadFact = "thread";

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _cues = new();
    private readonly Action<string> _write = StandardOutput.WriteLine;

    private Actor(string role, string folder) => (Role, Folder) = (role, folder);

    /// <summary>The name of the role.</summary>
    public string Role { get; }

    /// <summary>The private folder of this run.</summary>
    public string Folder { get; }

    /// <summary>Whether it is a child of another role and reports by the stdout of that: then its events name their lane.</summary>
    public bool IsGuest { get; set; }

    /// <summary>Plays a role until it ends.</summary>
    public static void Play(Role role, string folder)
    {
        Actor actor = new(role.Name, folder);
        new Thread(actor.ReadCues) { IsBackground = true, Name = "lab cues" }.Start();
        Exception? problem = null;
        Thread playing = new(() =>
        {
            try
            {
                actor.Fact(ThreadFact, ProcState.Thread());
                role.Play(actor);
            }
            catch (Exception exception)
            {
                problem = exception;
            }
        })
        {
            Name = "lab role",
        };
        playing.Start();
        playing.Join();
        if (problem is not null)
        {
            throw problem;
        }
    }

    /// <summary>Opens a descriptor that the director gave to this process.</summary>
    public static FileStream Descriptor(int number, FileAccess access) =>
        new(new SafeFileHandle(number, ownsHandle: true), access, bufferSize: 0);

    /// <summary>Reports a step.</summary>
    public void Says(string text) => Report(LabEventKind.Says, text);

    /// <summary>Reports that a message leaves. Call it before sending.</summary>
    public void Sends(string text, string? link = null) => Report(LabEventKind.Sends, text, link ?? text);

    /// <summary>Reports that a message has arrived.</summary>
    public void Receives(string text, string? link = null) => Report(LabEventKind.Receives, text, link ?? text);

    /// <summary>Reports a wait, and its end when the result is disposed.</summary>
    public Wait Waits(string text, string end = "goes on")
    {
        Report(LabEventKind.Waits, text);
        return new Wait(this, end);
    }

    /// <summary>Reports a value for the claims.</summary>
    public void Fact(string name, object value) =>
        Report(LabEventKind.Fact, name, Convert.ToString(value, CultureInfo.InvariantCulture));

    /// <summary>Reports a cue, and continues.</summary>
    public void Reaches(string cue) => Report(LabEventKind.Cue, cue);

    /// <summary>Reports a cue, and waits until the director lets it go.</summary>
    public void Turn(string cue)
    {
        Reaches(cue);
        Cue(cue).Task.Wait();
    }

    private TaskCompletionSource Cue(string cue) => _cues.GetOrAdd(cue, static _ => new TaskCompletionSource());

    private void ReadCues()
    {
        while (Console.In.ReadLine() is { } cue)
        {
            Cue(cue).TrySetResult();
        }

        Environment.Exit(ExitCode.Ok);
    }

    private void Report(LabEventKind kind, string text, string? link = null) =>
        _write(
            JsonSerializer.Serialize(
                new LabEvent(TimeProvider.System.GetTimestamp(), kind, text, link)
                {
                    Lane = IsGuest ? string.Create(CultureInfo.InvariantCulture, $"{Role} {Environment.ProcessId}") : "",
                    Id = IsGuest ? Environment.ProcessId : 0,
                },
                LabEventJson.Default.LabEvent));

    /// <summary>A wait that ends when this is disposed.</summary>
    public readonly struct Wait(Actor actor, string end) : IDisposable
    {
        public void Dispose() => actor.Report(LabEventKind.GoesOn, end);
    }
}
