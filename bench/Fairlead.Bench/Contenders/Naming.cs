namespace Fairlead.Bench.Contenders;

/// <summary>The names of Fairlead's contenders, and their options.</summary>
internal static class Naming
{
    public static string Of(string what, string scheme, params string[] details) =>
        string.Join(", ", [what, .. scheme == "unix" ? (string[])[] : [scheme], .. details.Where(detail => detail.Length > 0)]);

    /// <summary>The name of an object that the processes of a session share, and no other session.</summary>
    public static string OfObject(Session session) => $"fairlead-bench-{Path.GetFileName(session.Directory)}-{session.Name}";

    public static string Options(string waiting, string capacity = "")
    {
        string[] options =
        [
            .. waiting.Length > 0 ? (string[])[$"waiting={waiting}"] : [],
            .. capacity.Length > 0 ? (string[])[$"capacity={capacity}"] : [],
        ];
        return options.Length == 0 ? "" : $"?{string.Join('&', options)}";
    }
}
