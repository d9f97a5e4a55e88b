# Ends the member with process id $1 once it leaves a configuration's file unwritten that it has just removed: a fresh one
# writes them all. Nacos 1.4.1 removes the files that it serves at each attempt of its first dump, and then takes what it
# remembers of the attempt before, or of its Raft log, for unchanged: "config data not exist" for good (issue 7593).
# Lines like: … [dump-ignore] ignore to save cache file. groupKey=DATA_ID+GROUP+NAMESPACE, md5=…  (+ and % escaped by %)
tail ---disable-inotify --sleep-interval=1 --lines=0 -F logs/config-dump.log 2>/dev/null | while read -r line; do
    case $line in *dump-ignore*groupKey=*) ;; *) continue ;; esac
    key=${line#*groupKey=}
    key=${key%%,*}
    case $key in *%*) continue ;; esac
    IFS=+ read -r id group namespace <<KEY
$key
KEY
    if [ ! -e "data/${namespace:+tenant-}config-data/${namespace:+$namespace/}$group/$id" ]; then
        kill -KILL "$1"
    fi
done
