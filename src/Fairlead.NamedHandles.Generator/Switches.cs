using Microsoft.CodeAnalysis.Diagnostics;

namespace Fairlead.NamedHandles.Generator;

/// <summary>Which types of the project are Fairlead's: properties of the project file, which the build passes to the compiler.</summary>
/// <param name="Mutex">Mutex.</param>
/// <param name="Semaphore">Semaphore.</param>
/// <param name="Event">EventWaitHandle, AutoResetEvent and ManualResetEvent.</param>
/// <param name="Pipe">NamedPipeServerStream and NamedPipeClientStream.</param>
/// <param name="Map">MemoryMappedFile by name.</param>
internal readonly record struct Switches(bool Mutex, bool Semaphore, bool Event, bool Pipe, bool Map)
{
    /// <summary>Whether there may be named objects to wait for.</summary>
    public bool Waits => Mutex || Semaphore || Event;

    /// <summary>Whether anything is Fairlead's.</summary>
    public bool Any => Waits || Pipe || Map;

    /// <summary>Reads the switches. The targets of the package set each of them to true or false.</summary>
    public static Switches Read(AnalyzerConfigOptionsProvider options) => new(
        IsOn(options, "Mutex"), IsOn(options, "Semaphore"), IsOn(options, "Event"), IsOn(options, "Pipe"), IsOn(options, "Map"));

    private static bool IsOn(AnalyzerConfigOptionsProvider options, string kind) =>
        options.GlobalOptions.TryGetValue($"build_property.UseFairleadNamed{kind}", out string? value)
        && string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);
}
