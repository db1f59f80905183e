namespace Fairlead.Cli.Processes;

/// <summary>Starts this program again, in any form: a native binary, a launcher, or an assembly under <c>dotnet</c>.</summary>
internal static class OwnProgram
{
    public static (string Program, IEnumerable<string> Arguments) With(params IEnumerable<string> arguments)
    {
        var program =
            Environment.ProcessPath
            ?? throw new ToolException(ExitCode.Failure, "the path of this program cannot be read (is /proc mounted?)");
        string[] assembly = Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [Path.Combine(AppContext.BaseDirectory, $"{typeof(OwnProgram).Assembly.GetName().Name}.dll")]
            : [];
        return (program, [.. assembly, .. arguments]);
    }
}
